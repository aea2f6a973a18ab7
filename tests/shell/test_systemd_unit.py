"""The shipped unit agrees with the script it starts."""

import configparser
import re
import shutil
import subprocess

import pytest

from tests.shell.monitor import ROOT, SCRIPT, WRITTEN

UNIT = ROOT / "deploy" / "systemd" / "oims-monitor.service"


def service():
    text = re.sub(r"^Environment=", "", UNIT.read_text(), flags=re.MULTILINE)  # the one key that repeats
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    return parser["Service"]


def test_it_starts_the_script_and_gives_a_stop_more_time_than_the_script_takes():
    unit = service()
    assert unit["ExecStart"].endswith(str(SCRIPT.relative_to(ROOT)))
    margin = int(re.search(r"OIMS_STOP_GRACE \+ (\d+)", WRITTEN)[1])
    assert int(unit["TimeoutStopSec"]) > int(unit["OIMS_STOP_GRACE"]) + margin
    assert unit["KillMode"] == "mixed"


def test_it_does_not_repeat_what_a_restart_cannot_mend():
    names = dict(re.findall(r"(EXIT_[A-Z]+)=(\d)", WRITTEN))
    lasting = {names["EXIT_USAGE"], names["EXIT_TOOL"], names["EXIT_REFUSED"]}
    assert set(service()["RestartPreventExitStatus"].split()) == lasting


def test_the_token_is_renewed_three_times_in_its_life():
    timer = (UNIT.parent / "oims-monitor-token.timer").read_text()
    assert "OnUnitActiveSec=8h" in timer
    renewal = (UNIT.parent / "oims-monitor-token.service").read_text()
    assert "ExecStart=/opt/oims/scripts/host_setup.sh --renew" in renewal
    assert f"OIMS_HOST_DIR={re.search('OIMS_HOST_DIR=(.+)', UNIT.read_text())[1]}" in renewal


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_knows_every_line_of_it():
    done = subprocess.run(
        ["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False, timeout=60
    )
    unknown = [line for line in done.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line]
    assert not unknown
