"""Workspaces, people and their credentials."""

import datetime as dt
import uuid

from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import READ_APPEND_CHANGE, Base


class Workspace(Base):
    """A household or company: the border of everything one book holds."""

    __tablename__ = "workspace"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    base_currency: Mapped[str]
    created_at: Mapped[dt.datetime]
