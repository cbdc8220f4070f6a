"""The pages: Chinese, rendered here, whole without a script. `register_pages` is called once by `crm/web/app.py`."""

from __future__ import annotations

from flask import Flask

from crm.web.pages.admin import blueprint as admin
from crm.web.pages.chain_edits import blueprint as chain_edits
from crm.web.pages.chains import blueprint as chains
from crm.web.pages.checks import blueprint as checks
from crm.web.pages.district import blueprint as district
from crm.web.pages.frame import register_frame
from crm.web.pages.leads import blueprint as leads
from crm.web.pages.obstacles import blueprint as obstacles
from crm.web.pages.overview import blueprint as overview
from crm.web.pages.places import blueprint as places
from crm.web.pages.project_actions import blueprint as project_actions
from crm.web.pages.projects import blueprint as projects
from crm.web.pages.queue import blueprint as queue
from crm.web.pages.reporting import blueprint as reporting
from crm.web.pages.searching import blueprint as searching
from crm.web.pages.sign_in import blueprint as sign_in
from crm.wiring import Deployment

BLUEPRINTS = (
    sign_in, reporting, leads, queue, projects, project_actions, district, searching, places, overview, obstacles, admin,
    chain_edits, chains, checks,
)  # fmt: skip


def register_pages(app: Flask, deployment: Deployment) -> None:
    """Hang every page on the application; the deployment itself is read through `crm.web.auth`."""
    register_frame(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
