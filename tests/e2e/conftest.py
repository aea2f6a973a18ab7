"""One release per file, in a namespace of its own that is removed afterwards; what went wrong is kept."""

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e import values
from tests.e2e.cluster import ROOT, Namespace
from tests.e2e.host import HostMonitor
from tests.e2e.patience import patient
from tests.e2e.release import Release, add_sink

HERE = Path(__file__).parent
DIAGNOSTICS = Path(os.environ.get("E2E_DIAGNOSTICS", ROOT / ".cache/e2e"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Describe the namespaces of a failed test while they still are as they were."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for value in getattr(item, "funcargs", {}).values():
        namespace = getattr(value, "namespace", None)
        if isinstance(namespace, Namespace):
            folder = DIAGNOSTICS / namespace.name
            if not folder.exists():  # later failures mostly follow from the first
                namespace.describe(folder)
            report.sections.append(("diagnostics", str(folder)))
        if isinstance(value, HostMonitor) and value.log.exists():
            DIAGNOSTICS.mkdir(parents=True, exist_ok=True)
            shutil.copy(value.log, DIAGNOSTICS / f"{item.originalname}.monitor.log")


def pytest_collection_modifyitems(items):
    """Lengthen each test's own deadline, too."""
    for item in items:
        mark = item.get_closest_marker("timeout")
        if mark and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(patient(mark.args[0])), append=False)


@pytest.fixture(scope="module")
def namespace(request):
    """A namespace for the file's tests, with a mail server in it."""
    made = Namespace(request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-"))
    sink = values.image("app")
    add_sink(made, f"{sink['repository']}:{sink['tag']}")
    yield made
    made.delete()


@pytest.fixture(scope="module")
def release(namespace):
    """A release that is not installed yet."""
    made = Release(namespace)
    yield made
    made.close()


@pytest.fixture(scope="module")
def monitor(tmp_path_factory, release):
    """The monitor on this host; a test starts it."""
    made = HostMonitor(tmp_path_factory.mktemp("monitor"), release)
    yield made
    made.stop()
