"""One line of a benchmark: a ratio measured in one run, against its target where there is one."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    ratio: float
    target: float | None = None
    note: str = ""
    at_least: bool = False

    @property
    def ok(self) -> bool:
        if self.target is None:
            return True
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    @property
    def bound(self) -> str:
        return ">=" if self.at_least else "<="

    def __str__(self) -> str:
        if self.target is None:
            verdict = "reported"
        else:
            verdict = f"{self.bound} {self.target:<7g} {'ok' if self.ok else 'MISSED'}"
        return f"{self.name:<68} {self.ratio:>10.5f}  {verdict}  {self.note}".rstrip()


def show(rows: Iterable[Row]) -> None:
    for row in rows:
        print(row)
