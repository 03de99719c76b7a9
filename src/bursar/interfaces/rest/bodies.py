"""Turn a request's path, query, JSON body or upload into an operation's input, and nothing else."""

import base64
import json
import typing
from collections.abc import Mapping
from types import UnionType
from typing import Any

from pydantic.fields import FieldInfo
from starlette.datastructures import UploadFile
from starlette.requests import Request

from bursar.core.errors import InvalidInput, TooLarge
from bursar.runtime.registry import Operation

JSON_BYTES_MAX = 4 * 1024 * 1024
MULTIPART_OVERHEAD_BYTES = 64 * 1024
DRAINED_BYTES_MAX = 64 * 1024 * 1024
# The fields by which an operation takes a file's bytes and its name.
FILE_FIELDS = (("content_base64", "filename"), ("base64", "file_name"))


async def read_input(
    request: Request, operation: Operation, upload_bytes_max: int
) -> dict[str, Any]:
    """Return the raw input; raise InvalidInput or TooLarge before anything is decoded in full."""
    body = query_values(operation, request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if operation.method in ("GET", "DELETE"):
        pass
    elif kind == "multipart/form-data":
        body.update(await _form(request, operation, upload_bytes_max))
    else:
        body.update(await _json(request, kind, _json_bytes_max(operation, upload_bytes_max)))
    body.update(request.path_params)
    return body


def query_values(operation: Operation, request: Request) -> dict[str, Any]:
    """Return the query as input fields; a repeated parameter fills a list field."""
    values: dict[str, Any] = {}
    for name in request.query_params:
        if name == "dry_run" and operation.writes:
            continue
        several = request.query_params.getlist(name)
        field = operation.input_model.model_fields.get(name)
        if field is not None and is_list(field.annotation):
            values[name] = [part for text in several for part in text.split(",") if part]
        else:
            values[name] = written(field, several[-1])
    return values


def written(field: FieldInfo | None, text: str) -> Any:
    """Return a value written as text: a field that holds an object is written as JSON."""
    if field is None or not _is_object(field.annotation):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # the field's own check says what is wrong


def _is_object(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, UnionType):
        return any(_is_object(part) for part in typing.get_args(annotation))
    return origin is dict or annotation is dict


def is_list(annotation: Any) -> bool:
    """Tell whether a field holds several values."""
    origin = typing.get_origin(annotation)
    if origin in (list, tuple, set, frozenset):
        return True
    if origin in (typing.Union, UnionType):
        return any(is_list(part) for part in typing.get_args(annotation))
    return False


def _json_bytes_max(operation: Operation, upload_bytes_max: int) -> int:
    """An operation that takes a file takes one of the upload's size in base64, too."""
    if not any(content in operation.input_model.model_fields for content, _name in FILE_FIELDS):
        return JSON_BYTES_MAX
    return max(JSON_BYTES_MAX, upload_bytes_max * 4 // 3 + MULTIPART_OVERHEAD_BYTES)


async def _json(request: Request, kind: str, bytes_max: int) -> dict[str, Any]:
    raw = await read_limited(request, bytes_max)
    if not raw:
        return {}
    if kind not in ("application/json", ""):
        raise InvalidInput(
            f"a body of type {kind[:80]!r} is not understood",
            field="Content-Type",
            hint="Send JSON with Content-Type: application/json.",
        )
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput("the body is not valid JSON") from None
    if not isinstance(document, Mapping):
        raise InvalidInput("the body must be a JSON object")
    return dict(document)


async def _form(request: Request, operation: Operation, upload_bytes_max: int) -> dict[str, Any]:
    """Read an upload: the part `file` becomes the fields the operation takes a file by."""
    fields = operation.input_model.model_fields
    content, named = next((pair for pair in FILE_FIELDS if pair[0] in fields), FILE_FIELDS[0])
    await _check_length(request, upload_bytes_max + MULTIPART_OVERHEAD_BYTES)
    values: dict[str, Any] = {}
    async with request.form(max_files=1, max_fields=50, max_part_size=JSON_BYTES_MAX) as form:
        for name, part in form.multi_items():
            if isinstance(part, UploadFile):
                data = await part.read(upload_bytes_max + 1)
                if len(data) > upload_bytes_max:
                    raise TooLarge(f"a file may hold at most {upload_bytes_max} bytes", field=name)
                values[content] = base64.b64encode(data).decode()
                values[named] = part.filename or "upload"
            else:
                values[name] = written(fields.get(name), part)
    return values


async def read_limited(request: Request, bytes_max: int) -> bytes:
    """Read a body up to a limit, refusing by its declared length first."""
    await _check_length(request, bytes_max)
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > bytes_max:
            raise TooLarge(f"a body may hold at most {bytes_max} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _check_length(request: Request, bytes_max: int) -> None:
    """Refuse a body by its declared length.

    A moderate one is read and dropped first, because many clients look for the answer only after
    they have sent all; a huge one is refused at once.
    """
    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared) <= bytes_max:
        return
    if int(declared) <= DRAINED_BYTES_MAX:
        async for _chunk in request.stream():
            pass
    raise TooLarge(f"a body may hold at most {bytes_max} bytes")
