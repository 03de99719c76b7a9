"""Proofs for a reader who keeps a checkpoint: this row is in it, and it grew into that one."""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.merkle import (
    Span,
    consistency_spans,
    inclusion_spans,
    nodes_of,
    span_root,
)
from bursar.audit.errors import JournalTampered
from bursar.audit.models import (
    CheckpointQuery,
    ConsistencyProof,
    ConsistencyQuery,
    InclusionProof,
    InclusionQuery,
    SignedCheckpoint,
    SigningKeyRow,
    SigningKeys,
)
from bursar.audit.store import reading as store
from bursar.core.errors import InvalidInput, NotFound
from bursar.core.model import Nothing
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation


@operation(
    "audit.list_checkpoints",
    scope="audit:read",
    http="GET /audit/checkpoints",
    command="audit checkpoints",
)
async def list_checkpoints(context: Context, query: CheckpointQuery) -> Page[SignedCheckpoint]:
    """List the signed checkpoints of this workspace's log, oldest first."""
    above = 0
    if query.cursor is not None:
        [size] = decode_cursor(query.cursor, 1)
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < 2**63:
            raise InvalidInput("this cursor is not one of ours", field="cursor")
        above = size
    found = await store.checkpoints(
        context.session, context.workspace_id, above=above, limit=query.limit + 1
    )
    rows = tuple(signed(each) for each in found[: query.limit])
    more = len(found) > query.limit
    return Page[SignedCheckpoint](
        items=rows, next_cursor=encode_cursor([rows[-1].size]) if more else None
    )


@operation("audit.list_keys", scope="audit:read", http="GET /audit/keys", command="audit keys")
async def list_keys(context: Context, _query: Nothing) -> SigningKeys:
    """List the public keys that checkpoints are verified with, in the order they came."""
    keys = await store.keys(context.session)
    return SigningKeys(
        items=tuple(
            SigningKeyRow(
                key_id=key.key_id,
                public_key=key.public_key.hex(),
                created_at=key.created_at,
                previous_key_id=key.previous_key_id,
                endorsement=key.endorsement.hex(),
            )
            for key in keys.values()
        )
    )


@operation(
    "audit.prove_inclusion",
    scope="audit:read",
    http="GET /audit/proofs/inclusion/{seq}",
    command="audit prove-inclusion",
    positional=("seq",),
)
async def prove_inclusion(context: Context, query: InclusionQuery) -> InclusionProof:
    """Prove that a journal row is in the log that a signed checkpoint stands for."""
    checkpoint = await _checkpoint(context, query.size, "size")
    leaf = await store.leaf_of_row(context.session, context.workspace_id, query.seq)
    if leaf is None or leaf.leaf_index >= checkpoint.size:
        raise NotFound(
            "no such row is in this log up to this checkpoint",
            field="seq",
            hint="A row is sealed within a second; 'audit search' lists the rows.",
        )
    hashes = await _hashes(
        context.session, context.workspace_id, inclusion_spans(leaf.leaf_index, checkpoint.size)
    )
    return InclusionProof(
        seq=query.seq,
        leaf_index=leaf.leaf_index,
        leaf_hash=leaf.hash.hex(),
        row=None if leaf.content is None else leaf.content.decode(),
        hashes=hashes,
        checkpoint=signed(checkpoint),
    )


@operation(
    "audit.prove_consistency",
    scope="audit:read",
    http="GET /audit/proofs/consistency/{from_size}",
    command="audit prove-consistency",
    positional=("from_size",),
)
async def prove_consistency(context: Context, query: ConsistencyQuery) -> ConsistencyProof:
    """Prove that the log of a later checkpoint begins with the log of an earlier one."""
    earlier = await _checkpoint(context, query.from_size, "from_size")
    later = await _checkpoint(context, query.to_size, "to_size")
    if later.size < earlier.size:
        raise InvalidInput("to_size is below from_size", field="to_size")
    spans = consistency_spans(earlier.size, later.size)
    return ConsistencyProof(
        hashes=await _hashes(context.session, context.workspace_id, spans),
        earlier=signed(earlier),
        later=signed(later),
    )


async def _checkpoint(context: Context, size: int | None, field: str) -> Checkpoint:
    found = await store.checkpoint(context.session, context.workspace_id, size)
    if found is None:
        raise NotFound(
            "there is no checkpoint yet" if size is None else f"no checkpoint has size {size}",
            field=field,
            hint="'audit checkpoints' lists the sizes that were signed.",
        )
    return found


async def _hashes(session: AsyncSession, log_id: uuid.UUID, spans: list[Span]) -> tuple[str, ...]:
    known = await store.nodes(session, log_id, nodes_of(spans))
    try:
        return tuple(span_root(span, known).hex() for span in spans)
    except KeyError:
        raise JournalTampered("leaves of this log are missing, so nothing can be proven") from None


def signed(checkpoint: Checkpoint) -> SignedCheckpoint:
    """Return a checkpoint as it is shown."""
    return SignedCheckpoint(
        log_id=checkpoint.log_id,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        at=checkpoint.at,
        key_id=checkpoint.key_id,
        signature=checkpoint.signature.hex(),
        body=checkpoint.body.decode(),
    )
