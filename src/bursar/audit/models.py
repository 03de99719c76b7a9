"""Inputs and outputs of the audit operations. Hashes are hexadecimal SHA-256."""

import datetime as dt
import uuid

from pydantic import Field, JsonValue

from bursar.core.clock import Moment
from bursar.core.model import Model
from bursar.runtime.pages import PageRequest

LOG_ROWS_DEFAULT = 500
LOG_ROWS_MAX = 1_000
INDEX_MAX = 2**63 - 1


class JournalQuery(PageRequest):
    """Which journal rows to return."""

    operation: str | None = Field(None, max_length=100, description="Only this operation.")
    actor_id: uuid.UUID | None = Field(
        None, description="Only what this person or credential did, by its id."
    )
    object_id: str | None = Field(
        None, max_length=255, description="Only rows with a fact about this object, by its id."
    )
    outcome: str | None = Field(
        None, max_length=20, description="Only this outcome: done, refused or read."
    )
    from_at: Moment | None = Field(None, description="Only rows from this time on.")
    to_at: Moment | None = Field(None, description="Only rows before this time.")


class JournalRow(Model):
    """One thing that was done, refused, or read by an agent."""

    seq: int = Field(description="Number of the row.")
    at: dt.datetime = Field(description="When.")
    actor_kind: str = Field(description="Kind of caller: person, token, agent, system or nobody.")
    user_id: uuid.UUID | None = Field(description="The person, if there was one.")
    credential_id: uuid.UUID | None = Field(description="The credential that was used.")
    source: str = Field(description="The door: rest, mcp, cli or job.")
    operation: str = Field(description="What was asked for.")
    outcome: str = Field(description="done, refused or read.")
    error_code: str | None = Field(description="Why it was refused.")
    facts: tuple[JsonValue, ...] = Field(description="What happened to which objects.")
    request_id: str = Field(description="Id of the request.")
    input_hash: str = Field(description="Hash of the operation's name and input.")
    leaf_index: int | None = Field(description="Its place in the sealed log; null until sealed.")


class CheckpointQuery(PageRequest):
    """Which checkpoints to return: oldest first."""


class SignedCheckpoint(Model):
    """A signed statement of the log's size and root at a time."""

    log_id: uuid.UUID = Field(description="The log: the workspace's id.")
    size: int = Field(description="Rows in the log.")
    root: str = Field(description="Merkle root of these rows (RFC 9162).")
    at: dt.datetime = Field(description="When it was signed.")
    key_id: str = Field(description="The key that signed it.")
    signature: str = Field(description="Ed25519 signature of `body`, hexadecimal.")
    body: str = Field(description="The text that is signed.")


class SigningKeyRow(Model):
    """A public key that checkpoints are verified with."""

    key_id: str = Field(description="First 16 digits of the key's SHA-256.")
    public_key: str = Field(description="Ed25519 public key, hexadecimal.")
    created_at: dt.datetime = Field(description="When it was made.")
    previous_key_id: str | None = Field(description="The key that endorsed it; null for a first.")
    endorsement: str = Field(description="That key's signature of this one, hexadecimal.")


class SigningKeys(Model):
    """Every public key, in the order they came. Old ones stay valid for their checkpoints."""

    items: tuple[SigningKeyRow, ...] = Field(description="The keys.")


class InclusionQuery(Model):
    """Which row to prove, against which checkpoint."""

    seq: int = Field(ge=1, le=INDEX_MAX, description="Number of the journal row.")
    size: int | None = Field(
        None,
        ge=1,
        le=INDEX_MAX,
        description="Size of the checkpoint to prove against; the newest if none.",
    )


class InclusionProof(Model):
    """Proof that a row is in the log that a checkpoint signs (RFC 9162, 2.1.3)."""

    seq: int = Field(description="Number of the journal row.")
    leaf_index: int = Field(description="Its index in the log.")
    leaf_hash: str = Field(description="Its sealed hash: SHA-256 of a zero byte and the row.")
    row: str | None = Field(description="The row as it is hashed; null when it is gone.")
    hashes: tuple[str, ...] = Field(description="The proof, from the leaf's side up.")
    checkpoint: SignedCheckpoint = Field(description="The checkpoint it leads to.")


class ConsistencyQuery(Model):
    """Which two checkpoints to connect."""

    from_size: int = Field(ge=1, le=INDEX_MAX, description="Size of the earlier checkpoint.")
    to_size: int | None = Field(
        None, ge=1, le=INDEX_MAX, description="Size of the later checkpoint; the newest if none."
    )


class ConsistencyProof(Model):
    """Proof that the later log begins with the earlier one (RFC 9162, 2.1.4)."""

    hashes: tuple[str, ...] = Field(description="The proof.")
    earlier: SignedCheckpoint = Field(description="The earlier checkpoint.")
    later: SignedCheckpoint = Field(description="The later checkpoint.")


class LogQuery(Model):
    """Which part of the sealed log to return."""

    from_index: int = Field(0, ge=0, le=INDEX_MAX, description="Index of the first row.")
    limit: int = Field(
        LOG_ROWS_DEFAULT, ge=1, le=LOG_ROWS_MAX, description="Rows to return, at most 1000."
    )
    size: int | None = Field(
        None,
        ge=1,
        le=INDEX_MAX,
        description="Return nothing beyond this size; the newest checkpoint's if none.",
    )


class SealedRow(Model):
    """A row of the sealed log."""

    index: int = Field(description="Its index in the log.")
    leaf_hash: str = Field(description="The hash sealed for it.")
    row: str | None = Field(description="The row as it is hashed; null when it is gone.")


class LogPage(Model):
    """A part of the sealed log, with the checkpoints that end in it."""

    log_id: uuid.UUID = Field(description="The log: the workspace's id.")
    size: int = Field(description="Rows in the log as of the checkpoint asked for; 0 without one.")
    rows: tuple[SealedRow, ...] = Field(description="The rows.")
    checkpoints: tuple[SignedCheckpoint, ...] = Field(description="Checkpoints over these rows.")
    next_index: int | None = Field(description="Where to go on; null at the end.")


class LogVerdict(Model):
    """What a check of the sealed log found."""

    holds: bool = Field(description="Whether every row is what was sealed and signed.")
    rows: int = Field(description="Rows checked.")
    checkpoints: int = Field(description="Checkpoints verified.")
    anchors: int = Field(description="Anchors on the server's disk that were met.")
    bad_index: int | None = Field(description="Index of the first bad row; null when all is well.")
    bad_index_end: int | None = Field(
        description="Where only a range is known: the first bad row lies before this index."
    )
    reason: str | None = Field(description="What is wrong.")
