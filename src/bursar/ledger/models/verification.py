"""What the verification of the book reports."""

from pydantic import Field

from bursar.core.model import Model


class Invariant(Model):
    """One invariant and how it stands."""

    id: str = Field(description="Number of the invariant.")
    name: str = Field(description="What must hold.")
    checked: int = Field(description="Rows checked.")
    differences: int = Field(description="Rows where it does not hold; 0 means it holds.")
    offenders: tuple[str, ...] = Field(description="The first of them.")


class Verification(Model):
    """The book's invariants; `holds` is true when none of them is broken."""

    holds: bool = Field(description="Whether every invariant holds.")
    invariants: tuple[Invariant, ...] = Field(description="Each invariant.")
