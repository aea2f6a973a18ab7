import pytest

from tests.e2e.shell.release import Release


@pytest.fixture(scope="module")
def release():
    release = Release()
    yield release
    release.kubectl("delete", "namespace", release.namespace, "--wait=false")
