"""A process of a city under test: `python -m tests.outages.process FOLDER PART… [--at POINT --nth N --pause]`.

The parts are those of `crm worker`, `scheduler`, and `rebuild`, which ends by itself. It writes `ready` and, when a fault
point strikes, `reached POINT`, on standard output.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from crm.cli.opening import quiet_logs
from crm.cli.processes import Processes
from crm.services.indexing import rebuild
from crm.wiring import Deployment
from tests.outages.place import Place
from tests.outages.points import BY_NAME, POINTS, REBUILD, SCHEDULER, Faults, watch_elasticsearch, watch_transactions


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="+")
    parser.add_argument("--at", choices=[point.name for point in POINTS])
    parser.add_argument("--nth", type=int)
    parser.add_argument("--pause", action="store_true")
    asked = parser.parse_args()
    quiet_logs(logging.INFO)
    nth = asked.nth or (BY_NAME[asked.at].nth if asked.at else 1)
    faults = Faults(asked.at, nth, signal.SIGSTOP if asked.pause else signal.SIGKILL)
    deployment = Place.read(asked.folder).connect(asked.folder, faults)
    watch_transactions(faults, deployment.tools.database.write_engine)
    watch_elasticsearch(faults)
    try:
        return _run(deployment, asked.parts)
    finally:
        deployment.close()


def _run(deployment: Deployment, parts: list[str]) -> int:
    if parts == [REBUILD]:
        print("ready", flush=True)
        rebuild(deployment.tools, deployment.tools.index)
        return 0
    processes = Processes(deployment)
    processes.stop_on_signals()
    for part in parts:
        if part == SCHEDULER:
            processes.start_scheduler()
        else:
            processes.start_part(part)
    print("ready", flush=True)
    return processes.wait()


if __name__ == "__main__":
    sys.exit(main())
