"""A trace for each request: the one it brings (`traceparent`), or one that begins here.

One line for each request that changes something or fails, by its route: the path would name rows and what people search for.
"""

from __future__ import annotations

import time

import structlog
from flask import Flask, Response, g, request

from crm.domain import trace

log = structlog.get_logger("web")
READING = ("GET", "HEAD", "OPTIONS")
FAULT = 500


def register_tracing(app: Flask) -> None:
    """Called first by `create_app`: whatever is logged while a request is answered bears its trace."""

    @app.before_request
    def _begin() -> None:
        structlog.contextvars.bind_contextvars(part="web")  # the server's threads have names of its own
        trace.current.set(trace.well_formed(request.headers.get("traceparent")) or trace.fresh(logged=True))
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        if request.method not in READING or response.status_code >= FAULT:
            seconds = round(time.perf_counter() - g.get("began", time.perf_counter()), 4)
            route = str(request.url_rule) if request.url_rule else "none"
            log.info("request", method=request.method, route=route, status=response.status_code, seconds=seconds)
        return response

    @app.teardown_request
    def _forget(_error: BaseException | None) -> None:
        trace.current.set(None)
