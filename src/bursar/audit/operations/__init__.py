"""Audit's operations: read the journal, take the sealed log out, prove and check it."""

from bursar.audit import tables
from bursar.audit.operations import journal, log, proofs

__all__ = ["journal", "log", "proofs", "tables"]
