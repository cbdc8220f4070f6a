"""What every answer carries and no request may exceed: a strict content policy, sizes refused before they are read.

Pages have no inline script or style (`templates/base.html`), so that 'self' suffices and an injected tag does nothing.
"""

from __future__ import annotations

from flask import Flask, Response, request

SINGLE_BYTES = 2 * 1024 * 1024
BATCH_BYTES = 64 * 1024 * 1024
BATCH_PATH = "/api/v1/leads/batch"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def register_security(app: Flask) -> None:
    """Called first by `create_app`: nothing may read a body before its size is judged."""
    app.config["MAX_CONTENT_LENGTH"] = SINGLE_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = SINGLE_BYTES  # Flask's 500 kB is less than a pasted text of the longest kind

    @app.before_request
    def _allow_batches() -> None:
        if request.path == BATCH_PATH:
            request.max_content_length = BATCH_BYTES

    @app.after_request
    def _harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.vary.update(("Accept-Language", "Authorization", "Cookie"))
        return response
