"""What a definition is, and where definitions come from."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["ratio", "ratio_per_year", "number", "money", "days", "quantity", "boolean"]

STANDARD = "common textbook definition"
DECLARED = "declared by Bursar, because programs differ"


@dataclass(frozen=True, slots=True)
class Definition:
    """One measure: `units` of its value, and where the formula comes from."""

    id: str
    title: str
    formula: str
    units: Unit
    source: str

    @property
    def version(self) -> int:
        """The number after the last `.v` of the id."""
        return int(self.id.rsplit(".v", 1)[1])
