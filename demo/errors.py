"""What can go wrong in a demo, in words for the person who started it."""


class DemoError(Exception):
    """The demo cannot go on. The message says why and, in its last sentence, what to do."""
