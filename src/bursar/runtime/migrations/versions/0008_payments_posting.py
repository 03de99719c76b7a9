"""Payments posted many at once: the function, and what it would pay for each row without need."""

from bursar.runtime.migrations.blocks import payments_posting
from bursar.runtime.migrations.script import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the function."""
    run(*payments_posting.CREATE)


def downgrade() -> None:
    """Drop it."""
    run(*payments_posting.DROP)
