"""Promise 1, the hard way: the worker is killed again and again, and no lead is lost or doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from crm.services import history
from crm.services.submission import Incoming, Submitted, submit_batch
from tests.factories.actors import CLI
from tests.factories.cities import City, CityMaker
from tests.factories.leads import lead_data, named

LEADS = 2000
KILLS = 4
ROOT = Path(__file__).parents[2]


def reports() -> list[Incoming]:
    """Every fourth one is a second report of a company that is reported before it."""
    again = [
        named(n - 3, source_ref=f"again-{n}", with_code=False) if n % 4 == 0 else lead_data(n)
        for n in range(1, LEADS + 1)
    ]
    return [Incoming("AG-SH" if n % 4 == 3 else "AG-BJ", data) for n, data in enumerate(again)]


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.kill_worker", str(folder)]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert worker.stdout is not None
    line = worker.stdout.readline()
    assert line == b"ready\n", line + worker.stdout.read()
    return worker


def kill_in_the_middle(city: City, folder: Path, chance: random.Random) -> None:
    """`kill -9` at a random moment after reports began to come out at the end."""
    before = city.count("inbox")
    deadline = time.monotonic() + 60
    with start(folder) as worker:
        while city.count("inbox") == before and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(chance.random() / 4)
        worker.kill()


def kill_early(folder: Path, chance: random.Random) -> None:
    """`kill -9` while the first records go out."""
    with start(folder) as worker:
        time.sleep(chance.random() / 4)
        worker.kill()


def run_to_the_end(folder: Path) -> None:
    with start(folder) as worker:
        output, _ = worker.communicate(timeout=120)
    assert worker.returncode == 0, output.decode()


def versions(city: City) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for line in city.rows("history"):
        found.setdefault((line["aggregate"], line["aggregate_id"]), []).append(line["version"])
    return found


def test_killed_again_and_again_nothing_is_lost_or_doubled(make_city: CityMaker) -> None:
    city = make_city("killed")
    accepted = submit_batch(city.tools, CLI, reports(), "file")
    receipts = {item.receipt_no for item in accepted if isinstance(item, Submitted)}
    assert len(receipts) == LEADS
    folder = city.tools.settings.data_dir
    chance = random.Random(7)
    kill_early(folder, chance)
    for _ in range(KILLS):
        kill_in_the_middle(city, folder, chance)
    assert 0 < city.count("inbox") < LEADS, "the kills came before or after all the work"
    run_to_the_end(folder)

    leads = city.rows("leads")
    assert len(leads) == LEADS
    assert {lead["receipt_no"] for lead in leads} == receipts
    assert (city.count("dead_letters"), city.count("outbox"), city.count("submissions")) == (0, 0, 0)
    assert {row["state"] for row in city.rows("receipts")} == {"processed"}
    assert all(found == list(range(1, len(found) + 1)) for found in versions(city).values())
    assert len({lead["enterprise_id"] for lead in leads}) == city.count("enterprises") == city.count("projects")
    copy = make_city("copy")
    history.replay(copy.tools, history.export(city.tools))
    assert copy.dump() == city.dump()
