"""The policy in words: its JSON schema for editors, and its reference for people, made from the models."""

import json
import sys
from pathlib import Path
from typing import Any

from automation.policy.schemas import Breaker, Flapping, Limits, Maintenance, Policy, Remedy, Rules, Verify
from automation.policy.targets import NamedWorkload, OwnerOf
from automation.policy.values import Closed
from contract import durations

SCHEMA = Path("playbooks/policy.schema.json")
PAGE = Path("docs/automation.md")
BEGIN = "<!-- Policy reference: written by `python -m automation.policy.reference`. -->\n"
END = "<!-- End of the policy reference. -->\n"
PARTS: tuple[tuple[str, type[Closed]], ...] = (
    ("The file", Policy),
    ("`defaults`, and any remedy", Rules),
    ("A remedy also has", Remedy),
    ("`target`: a workload by name", NamedWorkload),
    ("`target`: the owner of what the alert names", OwnerOf),
    ("`verify`", Verify),
    ("`flapping`", Flapping),
    ("`limits`", Limits),
    ("`breaker`", Breaker),
    ("`maintenance`", Maintenance),
)


def schema() -> str:
    """Return the JSON schema of the policy file."""
    document = Policy.model_json_schema(by_alias=True)
    remedy = document["$defs"]["Remedy"]
    remedy["required"].remove("playbook")
    remedy["oneOf"] = [{"required": ["playbook"]}, {"required": ["steps"]}]
    return (
        json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2) + "\n"
    )


def reference() -> str:
    """Return the reference as Markdown tables."""
    return "\n".join(f"### {title}\n\n{_table(part)}" for title, part in PARTS)


def page(text: str) -> str:
    """Return a page with its reference part renewed."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{reference()}\n{END}{rest.partition(END)[2]}"


def _table(part: type[Closed]) -> str:
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    inherited = set(Rules.model_fields) if part is Remedy else set()
    for name, field in part.model_fields.items():
        if name not in inherited:
            default = (
                "required"
                if field.is_required()
                else _default(name, field.get_default(call_default_factory=True))
            )
            rows.append(f"| `{field.alias or name}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def _default(name: str, value: Any) -> str:
    if value is None or value in ((), {}) or isinstance(value, Closed):
        return ""
    if isinstance(value, int) and name in {"cooldown", "timeout", "within", "hold", "max_age"}:
        return f"`{durations.write(value)}`"
    return f"`{value}`"


def main() -> int:
    """Write the schema and the page in the current folder; returns the exit status."""
    SCHEMA.write_text(schema(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
