"""The workspace itself: its name and base currency."""

from bursar.core.errors import NotFound
from bursar.core.model import Nothing
from bursar.identity import store
from bursar.identity.models import ChangeWorkspace, Workspace
from bursar.runtime.context import Context
from bursar.runtime.registry import operation


@operation(
    "identity.get_workspace", scope="identity:read", http="GET /workspace", command="workspace show"
)
async def get_workspace(context: Context, body: Nothing) -> Workspace:
    """Show the workspace of this credential: its name and base currency."""
    del body
    row = await store.find_workspace(context.session, context.workspace_id)
    if row is None:
        raise NotFound("this workspace does not exist")
    return Workspace(
        id=row.id, name=row.name, base_currency=row.base_currency, created_at=row.created_at
    )


@operation(
    "identity.change_workspace",
    scope="admin",
    http="PATCH /workspace",
    writes=True,
    tool=None,
    command="workspace change",
)
async def change_workspace(context: Context, body: ChangeWorkspace) -> Workspace:
    """Change the workspace's name or base currency; what is left out stays."""
    row = await store.lock_workspace(context.session, context.workspace_id)
    if row is None:
        raise NotFound("this workspace does not exist")
    if body.name is not None:
        row.name = body.name
    if body.base_currency is not None:
        row.base_currency = body.base_currency
    await context.session.flush()
    context.fact(
        "identity.workspace_changed", row.id, fields=", ".join(sorted(body.model_fields_set))
    )
    return await get_workspace(context, Nothing())
