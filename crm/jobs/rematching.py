"""Job: goes on with matching anew what officers asked for or approved."""

from __future__ import annotations

from crm.services.rematching import work_off
from crm.wiring import Deployment


def match_anew(deployment: Deployment) -> int:
    """How many projects were looked at."""
    return work_off(deployment.tools)
