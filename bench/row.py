"""One line of a benchmark: a ratio measured in one run against its target."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    ratio: float
    target: float

    @property
    def ok(self) -> bool:
        return self.ratio <= self.target

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.name:<68} {self.ratio:>10.5f}  <= {self.target:<8g} {verdict}"
