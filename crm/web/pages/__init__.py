"""The pages. Registered by `create_app`."""

from __future__ import annotations

from flask import Flask

from crm.wiring import Deployment


def register_pages(app: Flask, deployment: Deployment) -> None:
    """Register every page."""
