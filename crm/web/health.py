"""Health and figures for machines, at the root and without signing in: no row of anybody's is in them.

`/healthz`: the process answers. `/readyz`: each part it needs. `/metrics`: Prometheus text; counters are the process's,
gauges are read from database and bus when asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select

from crm.domain.errors import CrmError, Unavailable
from crm.store.database import Database
from crm.store.models import DeadLetter
from crm.store.schema_version import is_current
from crm.web.freshness import (
    INTAKE_GROUP,
    PROJECTED,
    SEARCH_GROUP,
    Waiting,
    group_waiting,
    intake_topics,
    outbox_waiting,
)
from crm.wiring import Deployment
from search.index import SearchError

log = structlog.get_logger("health")


def register_health(app: Flask, deployment: Deployment) -> None:
    """Called by `create_app`."""
    figures = Figures.fresh()
    app.add_url_rule("/healthz", "healthz", lambda: jsonify({"status": "ok"}))
    app.add_url_rule("/readyz", "readyz", lambda: _ready(deployment))
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(deployment, figures))

    @app.after_request
    def _count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"  # never the path: it may name a row
        figures.requests.labels(request.method, route, str(response.status_code)).inc()
        return response


def _ready(deployment: Deployment) -> ResponseReturnValue:
    tools = deployment.tools
    parts: dict[str, Callable[[], object]] = {
        "database": tools.database.ping,
        "schema": lambda: _require_current(tools.database),
        "reference": tools.reference.pack,
        "bus": deployment.bus.ping,
        "search": tools.index.ping,
    }
    found = {name: _state_of(name, look) for name, look in parts.items()}
    ready = all(part["ready"] for part in found.values())
    return jsonify({"ready": ready, "parts": found}), 200 if ready else 503


def _require_current(database: Database) -> None:
    if not is_current(database):
        raise Unavailable("请先运行 crm db upgrade")


def _state_of(name: str, look: Callable[[], object]) -> dict[str, object]:
    try:
        look()
    except (CrmError, SearchError) as error:
        return {"ready": False, "detail": str(error)}
    except Exception as error:  # noqa: BLE001 (whatever ails a part, the answer must name the part)
        log.error("part-failed", part=name, kind=type(error).__name__)
        return {"ready": False, "detail": type(error).__name__}
    return {"ready": True}


@dataclass(frozen=True, slots=True)
class Figures:
    """What `/metrics` shows; one registry an application, so that two in one process do not mix."""

    registry: CollectorRegistry
    requests: Counter
    waiting: Gauge
    oldest: Gauge
    dead_letters: Gauge

    @classmethod
    def fresh(cls) -> Figures:
        registry = CollectorRegistry()
        return cls(
            registry=registry,
            requests=Counter("crm_http_requests", "HTTP answers", ("method", "route", "status"), registry=registry),
            waiting=Gauge("crm_waiting", "Outbox marks and records not dealt with", ("queue",), registry=registry),
            oldest=Gauge("crm_waiting_oldest_seconds", "Age of the oldest of them", ("queue",), registry=registry),
            dead_letters=Gauge("crm_dead_letters_open", "Dead letters nobody settled", registry=registry),
        )


def _metrics(deployment: Deployment, figures: Figures) -> Response:
    queues: dict[str, Callable[[], Waiting]] = {
        "outbox": lambda: outbox_waiting(deployment),
        SEARCH_GROUP: lambda: group_waiting(deployment, SEARCH_GROUP, PROJECTED),
        INTAKE_GROUP: lambda: group_waiting(deployment, INTAKE_GROUP, intake_topics(deployment)),
    }
    for name, read in queues.items():
        waiting = read()
        figures.waiting.labels(name).set(waiting.count)
        figures.oldest.labels(name).set(waiting.oldest_seconds)
    with deployment.tools.database.read() as session:
        statement = select(func.count()).select_from(DeadLetter).where(DeadLetter.state.in_(("open", "mended")))
        figures.dead_letters.set(session.scalar(statement) or 0)
    return Response(generate_latest(figures.registry), content_type=CONTENT_TYPE_LATEST)
