"""The web server on its way out."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.app.server import AUTOMATION_TOKEN, running
from tests.waiting import until

LONG = "/api/v1/automation/instructions?wait=20"


def test_who_waits_for_news_is_answered_when_the_server_is_told_to_stop(tmp_path: Path) -> None:
    with running(tmp_path) as server, ThreadPoolExecutor(3) as automations:
        asked = [automations.submit(server.ask, "GET", LONG, token=AUTOMATION_TOKEN) for _ in range(3)]
        until(lambda: any(waiting.done() for waiting in asked))  # two may wait: then the third is answered
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        assert [waiting.result()[0] for waiting in asked] == [200] * 3
