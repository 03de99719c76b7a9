"""The operation registry: each capability stated once, every interface generated from it.

An operation is an async function `(context, input) -> output` with a name, a scope and a
docstring. The first line of the docstring is the tool's and the command's summary; field
descriptions of the input model are the REST, MCP and command-line help.
"""

import inspect
import typing
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from bursar.runtime.actor import SCOPES
from bursar.runtime.batch import Batch
from bursar.runtime.context import Context, PrepareContext

Input = TypeVar("Input", bound=BaseModel)
Output = TypeVar("Output", bound=BaseModel)
Run = Callable[[Context, Input], Coroutine[Any, Any, Output]]
Prepare = Callable[[PrepareContext, Any], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One capability and how each interface reaches it."""

    name: str
    scope: str | None
    method: str
    path: str
    tool: str | None
    command: tuple[str, ...]
    positional: tuple[str, ...]
    writes: bool
    destructive: bool
    idempotency_required: bool
    moves_money: bool
    status: int
    summary: str
    description: str
    input_model: type[BaseModel]
    output_model: type[BaseModel]
    run: Callable[[Context, Any], Coroutine[Any, Any, Any]]
    prepare: Prepare | None
    batch: Batch | None = None


_operations: dict[str, Operation] = {}


def operations() -> dict[str, Operation]:
    """Return every operation registered so far, by name."""
    return dict(_operations)


def operation(  # every keyword is one fact of the public contract
    name: str,
    *,
    scope: str | None,
    http: str,
    writes: bool = False,
    tool: str | None = "",
    command: str | None = "",
    positional: tuple[str, ...] = (),
    destructive: bool = False,
    idempotency_required: bool = False,
    moves_money: bool = False,
    status: int = 0,
    prepare: Prepare | None = None,
    batch: Batch | None = None,
) -> Callable[[Run[Input, Output]], Run[Input, Output]]:
    """Register an operation.

    name: `<package>.<verb_noun>`. scope: one of the flat list, or None for the few calls that
    come before a credential exists (sign-in). http: method and path under /api/v1, such as
    "POST /accounts". tool: MCP tool name; "" means `package_verb`, None means no tool.
    command: words on the command line, such as "portfolio summary"; "" means derived from the
    name, None means no command. positional: input fields that are arguments, not options.
    moves_money: the operation pays, holds, releases or gives back money. It needs an idempotency
    key, whose first answer, a refusal too, is kept for ever, and interfaces call it destructive.
    prepare: optional step before the transaction (slow or blocking work); its result is
    `context.prepared`. batch: how calls are posted many at once; the operation needs a key on each,
    and carries out itself what the batch does not take. Raises ValueError or TypeError at import
    time when the statement is inconsistent.
    """

    def register(run: Run[Input, Output]) -> Run[Input, Output]:
        input_model, output_model = _models_of(name, run)
        _check(name, scope, run, input_model, positional=positional)
        if moves_money and not writes:
            msg = f"operation {name} moves money, so it writes"
            raise ValueError(msg)
        if batch is not None and not (moves_money and prepare is None):
            msg = f"operation {name} is batchable, so it moves money and prepares nothing"
            raise ValueError(msg)
        method, _, path = http.partition(" ")
        package, _, verb = name.partition(".")
        doc = inspect.cleandoc(run.__doc__ or "")
        words = f"{package} {verb.replace('_', '-')}" if command == "" else command
        _operations[name] = Operation(
            name=name,
            scope=scope,
            method=method,
            path=path,
            tool=f"{package}_{verb}" if tool == "" else tool,
            command=tuple((words or "").split()),
            positional=positional,
            writes=writes,
            destructive=destructive or moves_money,
            idempotency_required=idempotency_required or moves_money,
            moves_money=moves_money,
            status=status or (201 if method == "POST" and writes else 200),
            summary=doc.splitlines()[0],
            description=doc,
            input_model=input_model,
            output_model=output_model,
            run=run,
            prepare=prepare,
            batch=batch,
        )
        return run

    return register


def _models_of(name: str, run: Callable[..., Any]) -> tuple[type[BaseModel], type[BaseModel]]:
    hints = get_type_hints(run)
    parameters = list(inspect.signature(run).parameters)
    if len(parameters) != 2:  # noqa: PLR2004 - context and input
        msg = f"operation {name} must take a context and one input model"
        raise ValueError(msg)
    input_model, output_model = hints[parameters[1]], hints["return"]
    for model in (input_model, output_model):
        origin = typing.get_origin(model) or model
        if not (isinstance(origin, type) and issubclass(origin, BaseModel)):
            msg = f"operation {name} must take and return pydantic models"
            raise TypeError(msg)
    return input_model, output_model


def _check(
    name: str,
    scope: str | None,
    run: Callable[..., Any],
    input_model: type[BaseModel],
    *,
    positional: tuple[str, ...],
) -> None:
    if name in _operations and _operations[name].run is not run:
        msg = f"operation {name} is registered twice"
        raise ValueError(msg)
    if scope is not None and scope not in SCOPES:
        msg = f"operation {name} names the unknown scope {scope!r}"
        raise ValueError(msg)
    if not (run.__doc__ or "").strip():
        msg = f"operation {name} needs a docstring: it is the tool's description"
        raise ValueError(msg)
    unknown = set(positional) - set(input_model.model_fields)
    if unknown:
        msg = f"operation {name} names unknown positional fields {sorted(unknown)}"
        raise ValueError(msg)
