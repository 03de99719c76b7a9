"""Column mappings: guessed from a file, saved under a name, found again by the file's header."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from bursar.banking.formats import csv_mapped, csv_table, sniff
from bursar.banking.formats.csv_mapping import Mapping
from bursar.banking.formats.statement import Format
from bursar.banking.models.mappings import (
    MAPPINGS_MAX,
    ColumnGuess,
    GuessMapping,
    MappingProposal,
    SavedMapping,
    SavedMappings,
    SaveMapping,
)
from bursar.banking.operations.statements.reading import content_of, fingerprint_of
from bursar.banking.store import mappings as store
from bursar.banking.tables import ColumnMapping
from bursar.core.errors import Refused
from bursar.core.ids import new_id
from bursar.core.model import Nothing
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

SAMPLE_CELLS = 5
CELL_CHARACTERS_SHOWN_MAX = 80


@operation("banking.guess_mapping", scope="banking:read", http="POST /imports/mapping")
async def guess_mapping(context: Context, body: GuessMapping) -> MappingProposal:
    """Show what the columns of a CSV seem to mean, how sure that is, and why.

    Mend the mapping where it is wrong, save it with its header, and import.
    """
    data = content_of(body.content, body.content_base64)
    detected = sniff.detect(data, body.filename)
    if detected is not Format.CSV:
        return MappingProposal(
            format=detected.value,
            saved_name=None,
            mapping=None,
            confidence=1.0,
            reasons=(f"the file is {detected.value}, which needs no mapping",),
            header=(),
            columns=(),
        )
    sheet = csv_table.read_sheet(data)
    index, guess = csv_mapped.propose(sheet)
    header = tuple(sheet.lines[index].cells)
    place = store.Place(context.session, context.workspace_id)
    saved = await store.with_fingerprints(place, [fingerprint_of(header)])
    mapping = guess.mapping if saved is None else Mapping.model_validate(saved.mapping)
    fields = {} if mapping is None else {h: f for f, h in mapping.columns().items()}
    rows = [line.cells for line in sheet.lines[index + 1 : index + 1 + SAMPLE_CELLS]]
    return MappingProposal(
        format=Format.CSV.value,
        saved_name=None if saved is None else saved.name,
        mapping=mapping,
        confidence=guess.confidence if saved is None else 1.0,
        reasons=guess.reasons if saved is None else (f"saved as {saved.name!r}",),
        header=header,
        columns=tuple(
            ColumnGuess(
                column=name,
                field=fields.get(name),
                sample=tuple(
                    row[place][:CELL_CHARACTERS_SHOWN_MAX] for row in rows if place < len(row)
                ),
            )
            for place, name in enumerate(header)
        ),
    )


@operation(
    "banking.save_mapping",
    scope="banking:write",
    http="POST /imports/mappings",
    positional=("name",),
    writes=True,
)
async def save_mapping(context: Context, body: SaveMapping) -> SavedMapping:
    """Keep what the columns of a source mean; a mapping of the same name is replaced.

    With the header, the next file of this source is read with it without being asked.
    """
    count = await context.session.scalar(
        select(func.count())
        .select_from(ColumnMapping)
        .where(ColumnMapping.workspace_id == context.workspace_id)
    )
    if (count or 0) >= MAPPINGS_MAX:
        raise Refused(f"a workspace keeps at most {MAPPINGS_MAX} mappings")
    mapping = body.mapping.model_copy(update={"name": body.name})
    fingerprint = fingerprint_of(body.header) if body.header else None
    statement = insert(ColumnMapping).values(
        id=new_id(),
        workspace_id=context.workspace_id,
        name=body.name,
        fingerprint=fingerprint,
        mapping=mapping.model_dump(mode="json"),
        changed_at=context.clock.now(),
    )
    new = statement.excluded
    await context.session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "name"],
            set_={
                "mapping": new.mapping,
                "fingerprint": func.coalesce(new.fingerprint, ColumnMapping.fingerprint),
                "changed_at": new.changed_at,
            },
        )
    )
    context.fact("banking.mapping_saved", body.name)
    row = await store.named(store.Place(context.session, context.workspace_id), body.name)
    if row is None:
        msg = "the mapping was just written"
        raise AssertionError(msg)
    return _model(row)


@operation("banking.list_mappings", scope="banking:read", http="GET /imports/mappings")
async def list_mappings(context: Context, body: Nothing) -> SavedMappings:
    """List the saved column mappings by name."""
    del body
    rows = await store.every(store.Place(context.session, context.workspace_id))
    return SavedMappings(items=tuple(_model(row) for row in rows))


def _model(row: ColumnMapping) -> SavedMapping:
    return SavedMapping(
        name=row.name,
        mapping=Mapping.model_validate(row.mapping),
        found_by_header=row.fingerprint is not None,
        changed_at=row.changed_at,
    )
