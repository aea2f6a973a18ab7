"""A group of two alerts: an odd one, and a good one that it must not cost."""

import json
from itertools import count

from tests.webhook.process import alert

numbers = count()
"""For names that no other test takes."""


def sent_beside_a_good_one(webhook, odd, **more):
    """Post an odd alert in a group with a good one; return the answer, the odd event and the good one."""
    before = webhook.events()["last_seq"]
    name = f"Good{next(numbers)}"
    content = odd if isinstance(odd, bytes) else json.dumps(odd).encode()
    body = b'{"alerts":[%b,%b]}' % (content, json.dumps(alert(name)).encode())
    answer = webhook.post(body, **more)
    assert answer.status == 200, answer
    events = webhook.events(before)["events"]
    assert events[-1]["labels"] == {"alertname": name}
    return answer, (events[0] if len(events) > 1 else None), events[-1]
