"""Logs are one JSON object a line: UTC time, level, message, request id; secrets are masked."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from pydantic_core import to_json

from bursar.settings import Settings

SECRET_NAMES = re.compile(
    r"(password|secret|token|authorization|cookie|credential|api_key)", re.IGNORECASE
)
SECRET_VALUES = re.compile(r"bur_(live|test)_[A-Za-z0-9_\-]+|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")
MASK = "***"
LINES_MAX = 256


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what looks like a secret, by its name or by its shape."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = SECRET_VALUES.sub(MASK, value)
    return event


def log_request(
    *, method: str, path: str, status: int, milliseconds: float, request_id: str
) -> None:
    """Log one request, as a logger would: by far the most frequent line, so by a short way.

    The way of other lines through processors, a record and a formatter costs as much as a third of
    what a fast request costs in all.
    """
    if not _direct:
        structlog.get_logger().info(
            "request", method=method, path=path, status=status, milliseconds=milliseconds
        )
        return
    line = {
        "method": method,
        "path": _masked(path),
        "status": status,
        "milliseconds": milliseconds,
        "request_id": request_id,
        "level": "info",
        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat()[:-6] + "Z",
        "message": "request",
    }
    _lines.append(to_json(line).decode())
    if len(_lines) == 1:
        # Requests end in batches: one write for all that end in one turn of the loop.
        asyncio.get_running_loop().call_soon(_write_lines)
    elif len(_lines) >= LINES_MAX:
        _write_lines()


def _masked(path: str) -> str:
    # What the expression finds holds one of these: looking for them costs a tenth of it.
    return SECRET_VALUES.sub(MASK, path) if "bur_" in path or "://" in path else path


def _write_lines() -> None:
    if not _lines:
        return
    text = "\n".join(_lines) + "\n"
    _lines.clear()
    _direct[0].write(text)
    _direct[0].flush()


_lines: list[str] = []
_direct: list[TextIO] = []
"""Where request lines go when logs are JSON and wanted; empty: the ordinary way."""


def configure_logs(settings: Settings) -> None:
    """Send Bursar's and the libraries' logs to standard error in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        mask_secrets,
    ]
    console = settings.log_format == "console"
    renderer: Any = (
        structlog.dev.ConsoleRenderer(event_key="message", colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer()
    )
    level = (
        logging.DEBUG if settings.debug_mode else getattr(logging, settings.log_level.upper(), 20)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _direct[:] = [] if console or level > logging.INFO else [handler.stream]
    for noisy in ("mcp", "httpx", "httpx2", "celery.utils.functional"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
