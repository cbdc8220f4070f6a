"""Logs: a JSON line each on standard error, ours and those of libraries; standard output is the command's.

Every line says which part of the deployment speaks and, where one is known, the trace (`crm/domain/trace.py`). Of an error it
says kind and places, never the message or a value: those may hold somebody's name. Called by every command.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from crm.domain import trace

CHATTY = {
    "kafka": logging.CRITICAL,
    "elastic_transport": logging.ERROR,
    "urllib3": logging.ERROR,
    "alembic": logging.WARNING,
}
"""Libraries that tell each failed attempt; what it means for us, our own parts say once (`crm/services/outage.py`)."""


def configure_logs(level: int) -> None:
    """Ours from `level` on, libraries' from warnings on."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_part_and_trace,
        _tell_error_without_its_message,
    ]
    structlog.configure(
        processors=[*shared, _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_json],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    for name, quiet in CHATTY.items():
        logging.getLogger(name).setLevel(quiet)


def _add_part_and_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A part's thread bears its name (`processes.py`)."""
    event.setdefault("part", threading.current_thread().name)
    running = trace.current.get()
    if running is not None:
        event.setdefault("trace", trace.identity(running))
    return event


def _tell_error_without_its_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    if given:
        kind, error, places = given if isinstance(given, tuple) else sys.exc_info()
        if error is not None and kind is not None:
            event["error"] = kind.__name__
            event["at"] = [f"{place.filename}:{place.lineno}" for place in traceback.extract_tb(places)]
    return event


def _as_json(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(dict(event), default=str).decode()
