"""Invented carriers (载体) in most parks, so that height, load, power and refused processes bind in matching.

Areas ㎡, height m, load t/㎡, power kVA; what nobody measured is None. Called by `loading.py`.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from crm.demo.reports import MARK
from crm.demo.words import RISKS
from crm.domain.actors import system
from crm.domain.clock import local_date
from crm.domain.reference import Park, ReferencePack
from crm.services.tools import Tools
from crm.store.unit_of_work import Fact, Row, unit_of_work

PER_PARK = (3, 4, 4, 5)
ACTOR = system("demo")


def register_carriers(tools: Tools, rng: random.Random) -> int:
    """Put the carriers on the books; how many."""
    rows = carrier_rows(rng, tools.reference.pack(), local_date(tools.clock.now()))
    with unit_of_work(tools.database, tools.clock) as unit:
        for row in rows:
            row["updated_at"] = unit.now
            unit.record(
                Fact(
                    type="carrier.registered.v1",
                    aggregate="carrier",
                    aggregate_id=row["id"],
                    version=1,
                    actor=ACTOR,
                    rows={"carriers": [row]},
                    change={
                        "park": row["park"],
                        "district": row["district"],
                        "state": row["state"],
                        "area": row["free_area"],
                    },
                    documents=(("carrier", row["id"]),),
                )
            )
    return len(rows)


def carrier_rows(rng: random.Random, pack: ReferencePack, today: date) -> list[Row]:
    """Three to five buildings in each park that accepts projects, every seventh park left without."""
    accepting = [park for park in pack.parks.values() if park.accepts_projects]
    rows = []
    for place, park in enumerate(accepting):
        if place % 7 != 6:
            rows += [_row(rng, park, number, today) for number in range(1, rng.choice(PER_PARK) + 2)]
    return rows


def _row(rng: random.Random, park: Park, number: int, today: date) -> Row:
    total = rng.randrange(1500, 16000, 100)
    state = rng.choices(("free", "held", "let"), (70, 12, 18))[0]
    return {
        "id": f"DEMO-{park.code}-{number:02d}",
        "version": 1,
        "name": f"{park.name}{number}号楼{MARK}",
        "operator": f"OP-{park.code}",
        "park": park.code,
        "district": park.district,
        "total_area": float(total),
        "free_area": 0.0 if state == "let" else float(rng.randrange(500, total, 100)),
        "storey": rng.choice((1, 1, 2, 3, 4)),
        "height_m": rng.choice((4.2, 4.5, 5.4, 6.0, 7.9, 9.0)),
        "load_t_m2": rng.choice((0.5, 0.8, 1.0, 1.5, 2.0)),
        "power_kva": _perhaps(rng, (400.0, 630.0, 1000.0, 1600.0, 2500.0)),
        "fire_class": rng.choice(("丙类", "丙类", "丁类", "戊类", "乙类")),
        "accepts_risks": [],
        "refuses_risks": sorted({"电镀", "危化", "甲乙类", *rng.sample(RISKS, 1)}) if rng.random() < 0.9 else [],
        "state": state,
        "checked_on": today - timedelta(days=rng.randrange(2, 75)),
        "demo": True,
    }  # fmt: skip


def _perhaps(rng: random.Random, values: tuple[float, ...]) -> Any:
    """One value in eight was never measured."""
    return None if rng.random() < 0.125 else rng.choice(values)
