"""Editing the chain: a trial comes with the proposal, another decides, the next report feels it, history keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services import chain_edits, history
from crm.services.chain_edits import Proposal
from tests.factories.actors import dispatcher, officer, second_dispatcher
from tests.factories.cities import City, CityMaker
from tests.factories.leads import lead_data

WORD = {"word": "鲲鹏嘟嘟块", "weight": 1.0, "kind": "speech"}


def propose(city: City, *, subject: str = "IT10", **more: Any) -> str:
    wanted = Proposal("word", subject, {**WORD, **more}, "本地企业都这样叫")
    return chain_edits.propose(city.tools, dispatcher(), wanted)


def approved(city: City) -> str:
    edit = propose(city)
    chain_edits.decide(city.tools, second_dispatcher(), edit, approve=True)
    city.tools.reference.look_again()
    return edit


def nodes_of_report(city: City, number: int) -> list[str]:
    what = {"main_business": "鲲鹏嘟嘟块的生产"}
    plan = {"title": "新厂", "summary": "建厂"}
    return list(
        city.one("projects", id=city.project("AG-BJ", lead_data(number, enterprise=what, project=plan)))["nodes"]
    )


def test_a_proposal_brings_its_trial(city: City) -> None:
    propose(city)
    trial = city.one("chain_edits")["trial"]
    assert trial["cases"] >= 300
    assert (trial["broken"], set(trial["before"])) == (0, set(trial["after"]))


def test_a_proposal_changes_nothing_yet(city: City) -> None:
    propose(city)
    city.tools.reference.look_again()
    assert "IT10" not in nodes_of_report(city, 1)


def test_what_is_approved_is_felt_by_the_next_report(city: City) -> None:
    approved(city)
    assert nodes_of_report(city, 1)[0] == "IT10"


def test_a_match_keeps_the_version_it_was_made_by(city: City) -> None:
    before = city.tools.reference.pack().version
    approved(city)
    nodes_of_report(city, 1)
    assert city.one("matches")["reference_version"].startswith(f"{before}+")


def test_an_edit_waits_for_its_day(city: City) -> None:
    day = city.clock.now().date() + timedelta(days=3)
    wanted = Proposal("word", "IT10", WORD, "下周起", starts_on=day)
    edit = chain_edits.propose(city.tools, dispatcher(), wanted)
    chain_edits.decide(city.tools, second_dispatcher(), edit, approve=True)
    city.tools.reference.look_again()
    assert "IT10" not in nodes_of_report(city, 1)
    city.clock.move(timedelta(days=4))
    city.tools.reference.look_again()
    assert nodes_of_report(city, 2)[0] == "IT10"


def test_what_is_withdrawn_is_felt_no_more(city: City) -> None:
    edit = approved(city)
    chain_edits.withdraw(city.tools, dispatcher(), edit, reason="误加")
    city.tools.reference.look_again()
    assert "IT10" not in nodes_of_report(city, 1)


def test_nobody_decides_his_own_proposal(city: City) -> None:
    edit = propose(city)
    with pytest.raises(Forbidden):
        chain_edits.decide(city.tools, dispatcher(), edit, approve=True)


def test_a_refusal_says_why(city: City) -> None:
    edit = propose(city)
    with pytest.raises(Invalid):
        chain_edits.decide(city.tools, second_dispatcher(), edit, approve=False)
    chain_edits.decide(city.tools, second_dispatcher(), edit, approve=False, reason="太宽")
    assert (city.one("chain_edits")["state"], city.one("chain_edits")["decision_reason"]) == ("refused", "太宽")


def test_an_edit_is_decided_once(city: City) -> None:
    edit = approved(city)
    with pytest.raises(Conflict):
        chain_edits.decide(city.tools, second_dispatcher(), edit, approve=True)


def test_the_same_change_is_proposed_once(city: City) -> None:
    propose(city)
    with pytest.raises(Conflict):
        propose(city)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Proposal("word", "IT99", WORD, "理由"), "subject"),
        (Proposal("word", "IT10", WORD, " "), "reason"),
        (Proposal("word", "IT10", {**WORD, "weight": "重"}, "理由"), "weight"),
    ],
)
def test_a_fault_names_its_field(city: City, wanted: Proposal, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        chain_edits.propose(city.tools, dispatcher(), wanted)
    assert [fault.field for fault in refusal.value.errors] == [field]


def test_a_district_may_not_change_words(city: City) -> None:
    with pytest.raises(Forbidden):
        chain_edits.propose(city.tools, officer(), Proposal("word", "IT10", WORD, "理由"))


def test_an_edit_of_nobody_is_not_found(city: City) -> None:
    with pytest.raises(NotFound):
        chain_edits.decide(city.tools, dispatcher(), "nothing", approve=True)


def test_edits_are_facts(city: City, make_city: CityMaker) -> None:
    approved(city)
    empty = make_city("empty")
    history.replay(empty.tools, list(history.export(city.tools)))
    assert empty.dump() == city.dump()
    empty.tools.reference.look_again()
    assert nodes_of_report(empty, 1)[0] == "IT10"
