"""What an entry tells beside its sentence, for programs."""

from dataclasses import MISSING, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Fields that become an entry's data; one with a default is left out while it has that default."""

    def data(self) -> dict[str, Any]:
        """Return the data as it is stored, and as the API gives it."""
        named = [(field, getattr(self, field.name)) for field in fields(self)]
        return {
            field.name: value for field, value in named if field.default is MISSING or value != field.default
        }
