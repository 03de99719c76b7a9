"""The base of every value that crosses an interface: frozen, and unknown fields are refused."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value; unknown fields are an error, so that a typing mistake is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Model):
    """The input of an operation that takes none, or the output of one that returns none."""
