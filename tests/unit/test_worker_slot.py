"""Worker slots: a name that outlives the process, and is nobody else's meanwhile."""

from __future__ import annotations

from pathlib import Path

from crm.wiring import WorkerSlot


def test_a_worker_that_comes_back_has_its_name_again(tmp_path: Path) -> None:
    first = WorkerSlot(tmp_path, "lead-intake")
    first.leave()
    again = WorkerSlot(tmp_path, "lead-intake")
    assert again.name == first.name
    again.leave()


def test_two_workers_beside_each_other_have_two_names(tmp_path: Path) -> None:
    slots = [WorkerSlot(tmp_path, "lead-intake") for _ in range(3)]
    assert len({slot.name for slot in slots}) == 3
    slots[1].leave()
    heir = WorkerSlot(tmp_path, "lead-intake")
    assert heir.name == slots[1].name
    for slot in (slots[0], slots[2], heir):
        slot.leave()


def test_each_part_has_slots_of_its_own(tmp_path: Path) -> None:
    slots = [WorkerSlot(tmp_path, part) for part in ("lead-intake", "search-projector")]
    assert [slot.name.rsplit("-", 1)[1] for slot in slots] == ["1", "1"]
    assert slots[0].name != slots[1].name
    for slot in slots:
        slot.leave()
