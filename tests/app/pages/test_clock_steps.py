"""What a clock that is set forward or back by an hour does to somebody who is logged in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

HOUR = timedelta(hours=1)


@pytest.mark.fault("F22")
def test_a_session_goes_on_when_the_clock_is_set_forward(browser):
    with time_machine.travel(datetime.now(UTC) + HOUR, tick=False):
        browser.get("/profile")


@pytest.mark.fault("F22")
def test_a_cookie_from_the_future_is_none_and_one_can_log_in_at_once(browser, log_in, alice):
    with time_machine.travel(datetime.now(UTC) - HOUR, tick=False):
        assert browser.client.get("/profile").status_code == 303
        log_in(alice).get("/profile")
