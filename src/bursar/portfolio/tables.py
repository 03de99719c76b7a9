"""Tables of portfolio: target policies. Every figure is derived and none is stored."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import READ_AND_APPEND, Base


class TargetPolicyVersion(Base):
    """One version of a policy; `terms` is null where it was deleted. Rows are never changed."""

    __tablename__ = "target_policy"
    __table_args__ = (
        UniqueConstraint(
            "workspace_id", "name", "version", name="uq_target_policy_workspace_id_name_version"
        ),
        {"info": READ_AND_APPEND},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    version: Mapped[int]
    terms: Mapped[dict[str, Any] | None]
    created_at: Mapped[dt.datetime]
