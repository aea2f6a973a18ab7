"""A real provider, and an app that trusts it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.config import Settings
from tests.app.accounts.provider import CLIENT_ID, CLIENT_SECRET, Person, Provider
from tests.app.accounts.single_sign_on.visitors import CAROL


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(Person("carol-7", dict(CAROL))) as provider:
        yield provider


@pytest.fixture
def extra() -> dict[str, Any]:
    """Further settings; a test that needs some overrides this by parametrize."""
    return {}


@pytest.fixture
def settings(make_settings: Callable[..., Settings], provider: Provider, extra: dict[str, Any]) -> Settings:
    return make_settings(
        **{
            "base_url": "http://localhost",
            "registration": "open",
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
        }
        | extra
    )
