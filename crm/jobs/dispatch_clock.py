"""Job: dispatches not answered in time come back to the dispatcher, each exactly once."""

from __future__ import annotations

from crm.services.dispatch import expire_unanswered
from crm.wiring import Deployment


def take_back_unanswered(deployment: Deployment) -> int:
    """How many came back."""
    tools = deployment.tools
    taken = 0
    while step := expire_unanswered(tools, tools.clock.now()):
        taken += step
    return taken
