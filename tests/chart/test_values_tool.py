import pytest

from tools import chart_values

DESCRIBED = "# -- A group.\ngroup:\n  # -- A number.\n  # @schema {minimum: 1}\n  number: 2\n"


def test_a_group_is_closed_and_a_constraint_is_added_to_the_type():
    (group,) = chart_values.read(DESCRIBED)
    schema = chart_values.schema_of(group)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["number"] == {"description": "A number.", "type": "integer", "minimum": 1}


def test_the_page_names_path_meaning_type_and_default():
    assert "| `group.number` | A number. | integer | `2` |" in chart_values.document(
        chart_values.read(DESCRIBED)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# -- A group.\ngroup:\n  number: 2\n", "line 3: number has no description"),
        ("plain: 1\n", "line 1: plain has no description"),
        ("# -- One.\na: 1\n# -- Two.\na: 2\n", "a is there twice"),
    ],
)
def test_what_is_not_described_once_is_refused(text, reason):
    with pytest.raises(chart_values.ValuesError, match=reason):
        chart_values.read(text)


def test_an_empty_default_needs_a_type():
    (item,) = chart_values.read("# -- Perhaps.\nmaybe: null\n")
    with pytest.raises(chart_values.ValuesError, match="say its type"):
        chart_values.schema_of(item)
