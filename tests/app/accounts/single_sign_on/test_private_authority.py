"""A provider whose certificate comes from an authority of the operator's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tests.app.accounts.provider import Person, Provider
from tests.app.accounts.single_sign_on.visitors import CAROL, user
from tests.certificates import Files, make_certificate


@pytest.fixture
def authority(tmp_path: Path) -> Files:
    return make_certificate(tmp_path)


@pytest.fixture
def provider(authority: Files) -> Iterator[Provider]:
    files = (str(authority.certificate), str(authority.key))
    with Provider(Person("carol-7", dict(CAROL)), certificate=files) as provider:
        yield provider


@pytest.fixture
def extra(authority: Files, authorities: str) -> dict[str, Any]:
    return {"ca_file": authority.certificate} if "private" in authorities else {}


@pytest.mark.parametrize("authorities", ["public and private"])
def test_it_is_believed_with_the_authority(
    client: FlaskClient, context: None, authority: Files, authorities: str
) -> None:
    sent = client.get("/login/oidc")
    answer = requests.get(sent.location, allow_redirects=False, timeout=10, verify=str(authority.certificate))
    client.get(answer.headers["Location"].removeprefix("http://localhost"))
    assert user() is not None, "metadata, token, keys and profile all came over TLS"


@pytest.mark.parametrize("authorities", ["public"])
def test_it_is_not_asked_without_the_authority(client: FlaskClient, authorities: str) -> None:
    assert client.get("/login/oidc").status_code == 503
