"""The order of all tests, and who runs which."""

import gc
import os
import signal
from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling

# What a shell starts in its background ignores Ctrl-C, and so would all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# All that the tests ask is on this machine, whatever proxy leads out of it.
os.environ["no_proxy"] = "127.0.0.1,localhost,::1,[::1]"

SHARING = ("tests/browser/", "tests/chart/")
"""Folders whose files share what takes long to make: a browser, or renders of the chart."""


def pytest_collection_modifyitems(items):
    """Begin with the files that take long, so that none of them is left over at the end.

    The folders that share come first: they keep the processors busy while the next files, which follow alerts
    through real processes, mostly wait. After these the files with the most tests.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    tests = Counter(item.path for item in items if item.path not in slow)
    items.sort(
        key=lambda item: (not item.nodeid.startswith(SHARING), item.path not in slow, -tests[item.path])
    )


def pytest_collection_finish(session):
    """Spare the garbage collector what is loaded by now: it stays, and to look at it takes a tenth."""
    gc.collect()
    gc.freeze()


class Scheduling(LoadFileScheduling):
    """Each file to one process, and each folder that shares."""

    def _split_scope(self, nodeid):
        folder = next((folder for folder in SHARING if nodeid.startswith(folder)), None)
        return folder or super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)
