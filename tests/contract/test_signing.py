import json
from pathlib import Path

import pytest

from contract.signing import canonical, signature
from webhook.signing import signed_line

VECTORS = json.loads((Path(__file__).parent / "signing_vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_webhook_signs_as_the_vectors_say(vector):
    text = canonical(vector["event"])

    assert text == vector["canonical"]
    assert signature(text, vector["key"].encode()) == vector["sig"]
    assert signed_line(text, vector["key"].encode()) == vector["line"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_printed_line_is_the_signed_event(vector):
    line = json.loads(vector["line"])

    assert vector["line"].isascii()
    assert line.pop("sig") == vector["sig"]
    assert line == vector["event"]
