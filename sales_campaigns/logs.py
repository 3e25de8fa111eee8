"""What a process tells of itself: one line an event, in words or as JSON, on standard error.

Every line carries the trace of the request or the job it belongs to; a message keeps the trace of whatever wrote it,
so that the way from a click to a hand-over can be read. Secrets, addresses' passwords and what mails say are left out,
whoever put them in by mistake.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

NEVER_TOLD = frozenset(
    {
        "secret",
        "password",
        "token",
        "cookie",
        "authorization",
        "mime",
        "raw",
        "html",
        "text",
        "subject",
        "body",
    }
)


def configure_logs(form: str) -> None:
    """`form` is "words" or "json" (settings: LOG_FORMAT)."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    rendered = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_secrets,
            *(rendered if form == "json" else [plain]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A field that must not be told keeps its name only."""
    return {name: "left out" if name.lower() in NEVER_TOLD else value for name, value in event.items()}


def begin_trace(given: str = "") -> str:
    """From here on, in this thread, everything belongs to one trace: `given` by who asks, or a new one."""
    clear_contextvars()
    trace = given if given.isalnum() and len(given) <= 32 else secrets.token_hex(8)
    bind_contextvars(trace_id=trace)
    return trace


def trace_id() -> str | None:
    """The trace of what this thread does; None outside of any."""
    return get_contextvars().get("trace_id")
