"""The web application: one factory, called by `crm serve`, `crm web` and the tests. It decides nothing itself.

Order matters in one place only: error handlers come last, since flask-smorest registers its own for HTTP errors.
"""

from __future__ import annotations

from flask import Flask

from crm.config import kept_secret
from crm.web.api import register_api
from crm.web.auth import register_auth
from crm.web.errors import register_errors
from crm.web.health import register_health
from crm.web.pages import register_pages
from crm.web.security import register_security
from crm.web.tracing import register_tracing
from crm.wiring import Deployment


def create_app(deployment: Deployment) -> Flask:
    """The application over a deployment: pages, `/api/v1`, health. Needs no server to be up yet."""
    settings = deployment.tools.settings
    app = Flask("crm.web")
    app.secret_key = settings.secret_key or kept_secret(settings.key_dir, "session.key")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["SESSION_COOKIE_NAME"] = "crm_form"  # Flask's own: messages and the CSRF token, never who is signed in
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    register_tracing(app)
    register_security(app)
    register_auth(app, deployment)
    register_health(app, deployment)
    register_api(app)
    register_pages(app, deployment)
    register_errors(app)
    return app
