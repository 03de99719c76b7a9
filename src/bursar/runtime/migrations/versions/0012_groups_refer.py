"""Ledger: the references of activities are checked once a statement."""

from bursar.runtime.migrations.blocks import groups_refer
from bursar.runtime.migrations.script import run

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the keys stand unenforced, and check by trigger."""
    run(*groups_refer.CREATE)


def downgrade() -> None:
    """Enforce the keys again: this reads every activity."""
    run(*groups_refer.DROP)
