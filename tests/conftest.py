"""The order of all tests."""


def pytest_collection_modifyitems(items):
    """Begin with the files that wait for real processes, so that none of them is left over at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
