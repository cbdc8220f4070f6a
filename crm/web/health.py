"""Health and figures for machines, at the root and without signing in: no row of anybody's is in them.

`/healthz`: the process answers. `/readyz`: each part it needs. `/metrics`: Prometheus text; counters are the process's,
gauges are read from database and bus when asked (`figures.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from crm.domain.errors import CrmError, Unavailable
from crm.store.database import Database
from crm.store.schema_version import is_current
from crm.web.figures import Figures
from crm.web.freshness import parts_alive
from crm.wiring import Deployment
from search.index import SearchError

log = structlog.get_logger("health")


def register_health(app: Flask, deployment: Deployment) -> None:
    """Called by `create_app`."""
    figures = Figures.fresh(deployment)
    app.add_url_rule("/healthz", "healthz", lambda: jsonify({"status": "ok"}))
    app.add_url_rule("/readyz", "readyz", lambda: _ready(deployment))
    app.add_url_rule("/metrics", "metrics", lambda: Response(figures.text(), content_type=CONTENT_TYPE_LATEST))

    @app.before_request
    def _begin() -> None:
        g.counted_from = time.perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"  # never the path: it may name a row
        figures.requests.labels(request.method, route, str(response.status_code)).inc()
        if "counted_from" in g:  # a body too large is refused before anything begins
            figures.seconds.labels(request.method, route).observe(time.perf_counter() - g.counted_from)
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
    return jsonify({"ready": ready, "parts": found, "alive": _alive(deployment)}), 200 if ready else 503


def _alive(deployment: Deployment) -> dict[str, int] | None:
    """Live processes of each part. The web takes reports and answers without them, so that none of them makes it unready."""
    try:
        return parts_alive(deployment)
    except Unavailable:
        return None


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
