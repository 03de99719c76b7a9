"""The one door: every call by REST, MCP, command line or worker passes here, under one set of rules.

authenticate -> scope -> validate -> prepare -> begin -> claim idempotency key -> run -> journal and
effects -> commit -> answer. A refusal is journaled in a transaction of its own, because the work
it refused was rolled back; that of an operation which moves money is an answer like any other, kept
under its key in the transaction that claimed it. Nothing else in Bursar begins or commits a
transaction for a request.
"""

import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, JsonValue, ValidationError

from bursar.core.errors import (
    BursarError,
    Forbidden,
    InFlight,
    InternalError,
    InvalidInput,
    KeyReused,
    NotFound,
    Unauthenticated,
    Unavailable,
    kept_refusal,
)
from bursar.core.ids import new_id
from bursar.core.model import Nothing
from bursar.interfaces.application import Application
from bursar.interfaces.text_checks import field_name, refuse_unstorable
from bursar.runtime.actor import NOBODY, PEOPLE_SCOPES, UNKNOWN_CLIENT, Actor, Client, Source
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.database import Transaction, with_retry
from bursar.runtime.journal import Entry, hash_input
from bursar.runtime.registry import Operation, operations
from bursar.runtime.store import claim_key

KEY_CHARACTERS_MAX = 255
REFUSED_FIRST = 400
NOTHING = Nothing()
SHOWN_ONCE = frozenset({"token", "secret"})
PROBLEMS_MAX = 20
log = structlog.get_logger()

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as an interface hands it over."""

    operation: str
    body: Mapping[str, Any] | BaseModel
    source: Source
    credential: str | None = None
    actor: Actor | None = None
    client: Client = UNKNOWN_CLIENT
    request_id: str = field(default_factory=lambda: str(new_id()))
    idempotency_key: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation returned: a model, or the stored answer of the first call with its key."""

    status: int
    model: BaseModel | None
    stored: JsonValue = None
    replayed: bool = False
    effects: tuple[uuid.UUID, ...] = ()
    text: str | None = None
    """The answer as JSON text, where it was made as text."""

    def document(self) -> Any:
        """Return the answer as JSON values."""
        return self.stored if self.model is None else self.model.model_dump(mode="json")

    def content(self) -> bytes | None:
        """Return the answer as JSON text when it was just computed, else None."""
        if self.text is not None:
            return self.text.encode()
        return None if self.model is None else self.model.model_dump_json().encode()


@dataclass(slots=True)
class Passage:
    """One call on its way through the door; filled step by step."""

    application: Application
    operation: Operation
    call: Call
    actor: Actor = NOBODY
    body: BaseModel = NOTHING
    input_hash: bytes = b""
    prepared: Any = None
    journaled: bool = False

    def entry(self, outcome: str, **more: Any) -> Entry:
        """Return the journal row of this call."""
        more.setdefault("actor", self.actor)
        return Entry(
            at=self.application.clock.now(),
            source=self.call.source,
            operation=self.operation.name,
            request_id=self.call.request_id,
            input_hash=self.input_hash,
            outcome=outcome,
            **more,
        )


async def invoke(application: Application, call: Call) -> Answer:
    """Carry out one call of one operation.

    Raises BursarError and its subclasses only; anything unexpected is logged with its trace and
    becomes InternalError, which shows nothing of the inside.
    """
    operation = operations().get(call.operation)
    if operation is None:
        raise NotFound(f"there is no operation {call.operation!r}")
    return await guarded(Passage(application, operation, call), _pass_through)


async def guarded(
    passage: Passage, carry: Callable[[Passage], Coroutine[Any, Any, Value]]
) -> Value:
    """Carry a call out; journal its refusal, and show nothing of an unexpected error."""
    operation, request_id = passage.operation.name, passage.call.request_id
    try:
        return await carry(passage)
    except BursarError as error:
        await _journal_refusal(passage, error)
        raise
    except Exception as error:
        log.exception("operation failed", operation=operation, request_id=request_id)
        hidden = InternalError("something went wrong inside Bursar; nothing was changed")
        await _journal_refusal(passage, hidden)
        raise hidden from error


async def admit(passage: Passage) -> None:
    """Fill in who calls and the checked input; raises what the call may not or cannot be."""
    operation, call = passage.operation, passage.call
    passage.actor = await _actor_of(passage)
    _check_scope(operation, passage.actor)
    passage.body = validate(operation, call.body)
    passage.input_hash = hash_input(operation.name, passage.body)
    _check_key(operation, call)


async def _pass_through(passage: Passage) -> Answer:
    application, operation = passage.application, passage.operation
    await admit(passage)
    answer = await _carry_out(passage)
    if operation.writes and operation.name.startswith("identity."):
        application.actors.clear()  # a credential or a role may have changed
    if application.carrier is not None:
        application.carrier.send(answer.effects)
    return answer


async def _actor_of(passage: Passage) -> Actor:
    call = passage.call
    if call.actor is not None:
        return call.actor
    if call.credential:
        return await passage.application.authenticate(call.credential)
    if passage.operation.scope is None:
        return NOBODY
    raise Unauthenticated("this operation needs a token")


def _check_scope(operation: Operation, actor: Actor) -> None:
    if operation.scope is not None and not actor.may(operation.scope):
        raise Forbidden(
            f"this credential lacks the scope {operation.scope}",
            hint=_way_to(operation.scope),
            details={"scope": operation.scope},
        )


def _way_to(scope: str) -> str:
    if scope in PEOPLE_SCOPES:
        return "API tokens never carry it. Sign in as a person who has it, such as by 'bursar sign-in'."
    return f"Use a token that carries {scope}."


def validate(operation: Operation, body: Mapping[str, Any] | BaseModel) -> BaseModel:
    """Return the operation's input, or raise InvalidInput naming the first field that is wrong."""
    if isinstance(body, operation.input_model):
        return body
    refuse_unstorable(body)
    try:
        return operation.input_model.model_validate(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        listed: list[JsonValue] = [
            {"field": field_name(p["loc"]), "problem": _sentence(p)}
            for p in problems[:PROBLEMS_MAX]
        ]
        first = problems[0]
        name = field_name(first["loc"])
        raise InvalidInput(
            f"{name}: {_sentence(first)}" if name else _sentence(first),
            field=name or None,
            details={"problems": listed, "count": len(problems)},
        ) from None


def _sentence(problem: Any) -> str:
    return str(problem["msg"]).removeprefix("Value error, ").rstrip(".")


def _check_key(operation: Operation, call: Call) -> None:
    if call.idempotency_key is not None and not 0 < len(call.idempotency_key) <= KEY_CHARACTERS_MAX:
        raise InvalidInput(
            f"an idempotency key has 1 to {KEY_CHARACTERS_MAX} characters", field="Idempotency-Key"
        )
    if operation.idempotency_required and call.idempotency_key is None and not call.dry_run:
        raise InvalidInput(
            "this operation moves money and needs an idempotency key",
            field="Idempotency-Key",
            hint="Send a header Idempotency-Key with a value that is new for each new request.",
        )


async def _carry_out(passage: Passage) -> Answer:
    application, operation = passage.application, passage.operation
    if operation.prepare is not None:
        context = PrepareContext(
            actor=passage.actor,
            clock=application.clock,
            settings=application.settings,
            request_id=passage.call.request_id,
            cache=application.cache,
            database=application.database,
            client=passage.call.client,
        )
        passage.prepared = await operation.prepare(context, passage.body)

    async def attempt() -> Answer | BursarError:
        async with application.database.transaction(
            passage.actor.workspace_id, read_only=not operation.writes
        ) as transaction:
            return await _run(passage, transaction)

    answer = await with_retry(attempt)
    if isinstance(answer, BursarError):
        passage.journaled = True
        raise answer
    if not operation.writes and passage.call.source is Source.MCP:
        # An agent's reads are part of its record; a person's are not. No wait for the disk.
        statement = passage.entry("read").statement()
        await application.database.record(passage.actor.workspace_id, statement, durable=False)
    return answer


async def _run(passage: Passage, transaction: Transaction) -> Answer | BursarError:
    """Run the operation in its transaction; return its answer, or a refusal that is kept."""
    operation, call = passage.operation, passage.call
    # Signing in belongs to no workspace yet, and its answer is a secret that is stored nowhere.
    keyed = (
        operation.writes
        and operation.scope is not None
        and call.idempotency_key is not None
        and not call.dry_run
    )
    keeps_refusals = keyed and operation.moves_money
    if keyed:
        stored = await _claim(passage, transaction)
        if stored is not None:
            return stored
    if keeps_refusals:
        await transaction.savepoint()
    context = _context(passage, transaction, keyed=keyed)
    try:
        output: BaseModel = await operation.run(context, passage.body)
    except BursarError as error:
        if keeps_refusals and error.is_result and await transaction.undo():
            return await _keep(passage, transaction, error)
        raise
    if call.dry_run:
        transaction.rollback = True
        return Answer(200, output)
    if operation.writes:
        entry = passage.entry(
            "done",
            actor=context.actor,
            facts=context.facts,
            effects=context.effects,
            idempotency_key=call.idempotency_key if keyed else None,
            answer_status=operation.status,
            answer_body=_without_secrets(output) if keyed else None,
            answer_kept_for_ever=operation.moves_money,
        )
        transaction.before_commit.append(entry.statement())
    handed_out = (*(e.id for e in context.effects), *context.due_again)
    return Answer(operation.status, output, effects=handed_out)


def _context(passage: Passage, transaction: Transaction, *, keyed: bool) -> Context:
    application, call = passage.application, passage.call
    return Context(
        session=transaction.session,
        actor=passage.actor,
        clock=application.clock,
        settings=application.settings,
        request_id=call.request_id,
        source=call.source,
        cache=application.cache,
        dry_run=call.dry_run,
        prepared=passage.prepared,
        client=call.client,
        idempotency_key=call.idempotency_key if keyed else None,
        input_hash=passage.input_hash,
    )


async def _keep(passage: Passage, transaction: Transaction, error: BursarError) -> BursarError:
    """Journal a refusal and keep it under its key, with what it leaves behind."""
    context = _context(passage, transaction, keyed=True)
    if error.leaves is not None:
        await error.leaves(context)
    entry = passage.entry(
        "refused",
        error_code=error.code,
        facts=context.facts,
        effects=context.effects,
        idempotency_key=passage.call.idempotency_key,
        answer_status=error.status,
        answer_body=error.as_json(),
        answer_kept_for_ever=True,
    )
    transaction.before_commit.append(entry.statement())
    return error


def _without_secrets(output: BaseModel) -> JsonValue:
    """Return the answer as it is kept for replays: a secret is shown once and stored nowhere."""
    document: dict[str, JsonValue] = output.model_dump(mode="json")
    return {name: None if name in SHOWN_ONCE else value for name, value in document.items()}


async def _claim(passage: Passage, transaction: Transaction) -> Answer | None:
    """Claim the idempotency key, or return what its first call answered."""
    key = passage.call.idempotency_key or ""
    workspace_id = passage.actor.require_workspace()
    claimed = await claim_key(transaction.session, workspace_id, passage.operation.name, key)
    if claimed.state == "in_flight":
        raise InFlight("a request with this idempotency key is being carried out")
    if claimed.state == "new":
        return None
    if claimed.input_hash != passage.input_hash:
        raise KeyReused("this idempotency key was used before with another body")
    transaction.rollback = True
    if claimed.status >= REFUSED_FIRST and isinstance(claimed.body, dict):
        raise kept_refusal(claimed.status, claimed.body)
    return Answer(claimed.status, None, stored=claimed.body, replayed=True)


async def _journal_refusal(passage: Passage, error: BursarError) -> None:
    """Write a refused attempt down; the refusal stands even when that fails."""
    by_agent = passage.call.source is Source.MCP
    if passage.call.dry_run or not (passage.operation.writes or by_agent):
        return
    if passage.journaled or error.replayed or isinstance(error, Unavailable):
        return
    statement = passage.entry("refused", error_code=error.code).statement()
    workspace_id = passage.actor.workspace_id
    try:
        await passage.application.database.record(workspace_id, statement, durable=True)
    except Exception:
        log.exception("a refusal could not be journaled", request_id=passage.call.request_id)
