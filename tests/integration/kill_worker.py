"""The process that `test_kill.py` kills: relay and intake on a folder's deployment, until nothing is left to do.

Run as `python -m tests.integration.kill_worker FOLDER`. Small batches, so that a kill meets every place.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from consumers.lead_intake import LeadIntake
from consumers.runner import Runner
from crm.wiring import connect
from producers.outbox_relay import OutboxRelay
from schemas.topics import LEADS_SUBMITTED
from tests.factories.cities import settings_in


def main(folder: Path) -> None:
    deployment = connect(settings_in(folder))
    tools, bus = deployment.tools, deployment.bus
    intake = LeadIntake(tools)
    # One holder and one member for all lives of this worker: what the dead one held is its own again at once.
    relay = OutboxRelay(tools.database, bus, tools.clock, tools.vault, "worker")
    runner = Runner(intake, bus.subscribe("lead-intake", intake.topics(), "worker"), threading.Event(), batch=60)
    print("ready", flush=True)
    idle = 0
    while idle < 3:
        moved = relay.step() + runner.step(0)
        idle = 0 if moved or bus.lag("lead-intake", [LEADS_SUBMITTED]).records else idle + 1
    deployment.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
