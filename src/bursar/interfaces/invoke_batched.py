"""The same door for calls that are posted many at once: same checks, same answers, another road.

authenticate -> scope -> validate as `invoke` does, from memory; then the call waits for the next
batch, whose one statement claims the key, posts, journals, stores the answer and commits. What a batch
does not do goes through `invoke`: an agent's call, and one whose accounts need more than two rows.
"""

import json

from bursar.core.errors import InFlight, KeyReused, kept_refusal
from bursar.core.ids import new_id
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import (
    REFUSED_FIRST,
    Answer,
    Call,
    Passage,
    admit,
    guarded,
    invoke,
)
from bursar.runtime.actor import ActorKind
from bursar.runtime.batch import BatchAnswer, BatchCall, Outcome
from bursar.runtime.batcher import Item
from bursar.runtime.registry import Operation


async def invoke_batched(application: Application, operation: Operation, call: Call) -> Answer:
    """Carry out one keyed call of a batchable operation with the next batch.

    Raises as `invoke` does, and Unavailable when too many calls wait.
    """
    passage = Passage(application, operation, call)
    answer = await guarded(passage, _post)
    return await invoke(application, call) if answer is None else answer


async def _post(passage: Passage) -> Answer | None:
    await admit(passage)
    operation, call, actor = passage.operation, passage.call, passage.actor
    batch = operation.batch
    if batch is None or actor.kind is ActorKind.AGENT:
        return None
    workspace_id, key = actor.require_workspace(), call.idempotency_key or ""
    unstated, known = batch.unstated(passage.body), None
    if unstated is not None:
        known = await passage.application.known(batch, workspace_id, unstated)
    plain = batch.plain(passage.body, known)
    if plain is None:
        return None
    posted = BatchCall(
        operation=operation.name,
        actor=actor,
        workspace_id=workspace_id,
        source=call.source,
        request_id=call.request_id,
        key=key,
        input_hash=passage.input_hash,
        plain=plain,
        id=new_id(),
    )
    item = Item(posted, (workspace_id, operation.name, key), plain.takes_from, plain.gives_to)
    answer = await passage.application.batcher_of(batch.posting).submit(item)
    if answer.outcome is Outcome.REFUSED:
        passage.journaled = True  # by the batch
        refusal = kept_refusal(answer.status, json.loads(answer.content))
        refusal.replayed = False
        raise refusal
    return _answer(answer, posted)


def _answer(answer: BatchAnswer, posted: BatchCall) -> Answer | None:
    match answer.outcome:
        case Outcome.DONE:
            return Answer(answer.status, None, text=answer.content)
        case Outcome.REPLAYED:
            return _replayed(answer, posted)
        case Outcome.IN_FLIGHT:
            raise InFlight("a request with this idempotency key is being carried out")
        case Outcome.REUSED:
            raise KeyReused("this idempotency key was used before with another body")
        case _:
            return None


def _replayed(answer: BatchAnswer, posted: BatchCall) -> Answer:
    stored = json.loads(answer.content)
    if answer.status >= REFUSED_FIRST:
        raise kept_refusal(answer.status, stored)
    # A lost connection's second try finds the first one's answer: that is this call's own.
    own = posted.lost and stored.get("id") == str(posted.id)
    return Answer(answer.status, None, stored=stored, replayed=not own)
