"""What the columns of a CSV mean: proposed, shown, saved."""

import datetime as dt

from pydantic import Field

from bursar.banking.formats.csv_mapping import Mapping
from bursar.banking.formats.statement import BYTES_MAX
from bursar.banking.models.imports import BASE64_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from bursar.core.model import Model

COLUMNS_MAX = 1_000
MAPPINGS_MAX = 1_000


class GuessMapping(Model):
    """A CSV file whose columns are to be explained."""

    filename: str = Field("", max_length=NAME_CHARACTERS_MAX, description="Name of the file.")
    content: str | None = Field(
        None, max_length=BYTES_MAX, description="The file's text. Give this or content_base64."
    )
    content_base64: str | None = Field(
        None, max_length=BASE64_CHARACTERS_MAX, description="The file's bytes in base64."
    )


class ColumnGuess(Model):
    """One column of the file."""

    column: str = Field(description="Its name in the file.")
    field: str | None = Field(description="What it seems to mean; null when it is not used.")
    sample: tuple[str, ...] = Field(description="Some of its cells.")


class MappingProposal(Model):
    """What the columns of a file seem to mean."""

    format: str = Field(description="A known layout, or csv when a mapping is needed.")
    saved_name: str | None = Field(description="The saved mapping that an import would use.")
    mapping: Mapping | None = Field(
        description="The proposed mapping; null when the file needs none or has no date or amount."
    )
    confidence: float = Field(description="How sure it is, 0 to 1; an import wants 0.7.")
    reasons: tuple[str, ...] = Field(description="Why each column was chosen.")
    header: tuple[str, ...] = Field(description="The column names, to save with the mapping.")
    columns: tuple[ColumnGuess, ...] = Field(description="Each column with sample cells.")


class SaveMapping(Model):
    """A mapping to keep for a source."""

    name: str = Field(
        min_length=1, max_length=NAME_CHARACTERS_MAX, description="Name, such as 'my bank'."
    )
    mapping: Mapping = Field(description="What the columns mean.")
    header: tuple[str, ...] = Field(
        (),
        max_length=COLUMNS_MAX,
        description="The file's column names in order (from the guess): a file with the same "
        "header is then read with this mapping by itself.",
    )


class SavedMapping(Model):
    """A mapping that was kept."""

    name: str = Field(description="Its name.")
    mapping: Mapping = Field(description="What the columns mean.")
    found_by_header: bool = Field(description="Whether a file with the same header finds it.")
    changed_at: dt.datetime = Field(description="When it was saved, in UTC.")


class SavedMappings(Model):
    """All mappings that were kept, by name."""

    items: tuple[SavedMapping, ...] = Field(description="The mappings.")
