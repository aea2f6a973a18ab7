"""Styles and scripts: kept by browsers as long as they are the same, and small on the way."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from app.web.assets import FOLDER


@pytest.fixture
def addresses(client: FlaskClient) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/login").text)


def test_what_a_page_names_is_kept_for_good_and_asked_for_anew_when_it_changes(
    client: FlaskClient, addresses: list[str]
) -> None:
    assert len(addresses) > 5
    for address in addresses:
        assert "?v=" in address
        with client.get(address) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
        with client.get(f"{address}0") as another:
            assert "immutable" not in another.headers["Cache-Control"], (
                "that may be the file of another version"
            )


def test_it_is_compressed_for_those_who_read_that_and_whole_for_others(
    client: FlaskClient, addresses: list[str]
) -> None:
    sent = 0
    for address in addresses:
        with (
            client.get(address, headers={"Accept-Encoding": "gzip, br"}) as packed,
            client.get(address) as plain,
        ):
            assert packed.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in packed.headers["Vary"]
            assert "Content-Encoding" not in plain.headers
            assert gzip.decompress(packed.data) == plain.data
            assert packed.headers["ETag"] != plain.headers["ETag"]
            sent += len(packed.data)
    assert (FOLDER / "vendor/bootstrap/bootstrap.min.css").stat().st_size > 2 * sent
