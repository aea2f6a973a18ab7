import re
from typing import Annotated

import pytest
from pydantic import TypeAdapter

from tools import settings_page

FIELDS = [
    pytest.param(field, id=f"{title}: {name}")
    for title, settings, _ in settings_page.PARTS
    for name, field in settings.model_fields.items()
]


def test_the_committed_page_is_what_make_docs_writes():
    assert settings_page.PAGE.read_text() == settings_page.page(), "run `make docs`"


def test_every_row_has_the_four_cells_of_its_table():
    rows = [line for line in settings_page.page().splitlines() if line.startswith("| `")]
    assert len(rows) > len(settings_page.PARTS)
    assert {len(re.split(r"(?<!\\)\|", row)) - 2 for row in rows} == {4}


@pytest.mark.parametrize("field", FIELDS)
def test_a_setting_is_described_in_a_sentence(field):
    assert re.fullmatch(r"[A-Z].*\.", field.description or "")


@pytest.mark.parametrize("field", FIELDS)
def test_a_default_on_the_page_may_be_typed_as_it_stands(field):
    shown = settings_page.default_text(field).strip("`")
    if shown:
        reader = TypeAdapter(Annotated[field.annotation, field])
        assert reader.validate_python(shown) == reader.validate_python(field.default)
