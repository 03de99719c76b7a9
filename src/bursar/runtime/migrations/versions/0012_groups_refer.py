"""Batches: an activity's references are checked once a statement, and held balances passed over."""

from bursar.runtime.migrations.blocks import groups_refer, payments_held
from bursar.runtime.migrations.script import run

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the keys stand unenforced, check by trigger, and replace the function."""
    run(*groups_refer.CREATE, *payments_held.CREATE)


def downgrade() -> None:
    """Put the function back and enforce the keys again, which reads every activity."""
    run(*payments_held.DROP, *groups_refer.DROP)
