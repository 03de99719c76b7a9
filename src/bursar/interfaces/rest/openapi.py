"""The OpenAPI description, built from the registry, so that it cannot say what is not so."""

from typing import Any

from pydantic.json_schema import models_json_schema

from bursar import __version__
from bursar.interfaces.rest.routes import PREFIX
from bursar.runtime.registry import Operation, operations

REFERENCE = "#/components/schemas/{model}"
ERROR_SCHEMA: dict[str, Any] = {
    "title": "Error",
    "type": "object",
    "required": ["code", "message", "details"],
    "properties": {
        "code": {"type": "string", "description": "Stable name of the error."},
        "message": {"type": "string", "description": "One sentence for the user."},
        "details": {"type": ["object", "null"], "description": "Numbers and names, never secrets."},
        "hint": {"type": "string", "description": "What to do."},
        "field": {"type": "string", "description": "The input field that is wrong."},
        "retry_after_seconds": {"type": "integer"},
    },
}


def build() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every registered operation."""
    known = sorted(operations().values(), key=lambda o: o.name)
    inputs = [(o.input_model, "validation") for o in known]
    outputs = [(o.output_model, "serialization") for o in known]
    pairs = list(dict.fromkeys(inputs + outputs))
    names, definitions = models_json_schema(pairs, ref_template=REFERENCE)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for operation in known:
        given = names[(operation.input_model, "validation")]
        returned = names[(operation.output_model, "serialization")]
        schema = _resolve(given, definitions)
        entry = _entry(operation, schema, given, returned)
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = entry
    paths[f"{PREFIX}/events"] = {"get": _stream_entry(paths[f"{PREFIX}/events/history"]["get"])}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bursar",
            "version": __version__,
            "description": (
                "One book of all your money. Amounts are decimal strings; a JSON number is "
                "refused. Times are UTC. For education and research; no financial advice."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Error": ERROR_SCHEMA},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "API token."},
                "session": {"type": "apiKey", "in": "cookie", "name": "bursar_session"},
            },
        },
    }


def _stream_entry(history: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the event stream: asked for as its history is, and answered live."""
    resumed = {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "description": "The last event's id: go on after it.",
        "schema": {"type": "string", "maxLength": 512},
    }
    asked = [each for each in history["parameters"] if each["name"] != "limit"]
    return {
        **history,
        "operationId": "developer.stream_events",
        "summary": "Follow events live, as server-sent events.",
        "description": "Each block's data is one Event, its id the cursor. `event: end` says why it ends.",
        "parameters": [*asked, resumed],
        "responses": {
            "200": {"description": "The stream.", "content": {"text/event-stream": {}}},
            "default": history["responses"]["default"],
        },
    }


def _resolve(reference: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = reference["$ref"].rsplit("/", 1)[-1]
    schema: dict[str, Any] = definitions["$defs"][name]
    return schema


def _entry(
    operation: Operation, schema: dict[str, Any], given: dict[str, Any], returned: dict[str, Any]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": _parameters(operation, schema),
        "responses": {
            str(operation.status): {
                "description": "The result.",
                "content": {"application/json": {"schema": returned}},
            },
            "default": {
                "description": "The refusal.",
                "content": {
                    "application/json": {"schema": {"$ref": REFERENCE.format(model="Error")}}
                },
            },
        },
    }
    if operation.method not in ("GET", "DELETE"):
        entry["requestBody"] = {"content": {"application/json": {"schema": given}}}
    entry["security"] = [] if operation.scope is None else [{"token": []}, {"session": []}]
    if operation.scope is not None:
        entry["x-scope"] = operation.scope
    if operation.moves_money:
        entry["x-moves-money"] = True
    return entry


def _parameters(operation: Operation, schema: dict[str, Any]) -> list[dict[str, Any]]:
    properties = schema.get("properties", {})
    required = set(schema.get("required", []))
    in_query = operation.method in ("GET", "DELETE")
    parameters = []
    for name, facts in properties.items():
        in_path = "{" + name + "}" in operation.path
        if not in_path and not in_query:
            continue
        parameters.append(
            {
                "name": name,
                "in": "path" if in_path else "query",
                "required": in_path or name in required,
                "description": facts.get("description", ""),
                "schema": facts,
            }
        )
    if operation.writes:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.idempotency_required,
                "description": "A value that is new for each new request; a repeat returns the first answer.",
                "schema": {"type": "string", "maxLength": 255},
            }
        )
        parameters.append(
            {
                "name": "dry_run",
                "in": "query",
                "required": False,
                "description": "Carry the request out, show the result, and change nothing.",
                "schema": {"type": "boolean"},
            }
        )
    return parameters
