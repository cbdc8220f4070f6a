"""Reports that come at the same moment share their statements, and nothing else."""

from __future__ import annotations

from typing import Any

from crm.domain.actors import Actor
from crm.domain.errors import Conflict, CrmError, Forbidden, Invalid
from crm.services.duplicate_check import BlindAnswer, Limited
from crm.services.reporting import Reported, _Group
from crm.services.submission import Incoming, Submitted
from tests.factories.actors import leader, reporter
from tests.factories.cities import City, CityMaker
from tests.factories.companies import company
from tests.factories.leads import lead_data, named

NO = BlindAnswer(reported=False, protected_until=None)
YES = BlindAnswer(reported=True, protected_until=None)


def take(city: City, *reports: tuple[Actor, dict[str, Any]]) -> list[Reported | CrmError]:
    return _Group(city.tools).take([(actor, Incoming(actor.organisation, data)) for actor, data in reports])


def taken(outcome: Reported | CrmError) -> Submitted:
    assert isinstance(outcome, tuple), outcome
    return outcome[0]


def test_each_gets_a_receipt_of_its_own_and_is_processed(city: City) -> None:
    outcomes = take(city, (reporter("AG-SH"), lead_data(1)), (reporter("AG-BJ"), lead_data(1)))
    numbers = {taken(outcome).receipt_no for outcome in outcomes}
    city.pump()
    leads = city.rows("leads")
    assert {lead["receipt_no"] for lead in leads} == numbers
    assert {lead["organisation"] for lead in leads} == {"AG-SH", "AG-BJ"}


def test_a_faulty_one_falls_out_alone(city: City) -> None:
    bad = lead_data(2) | {"source_ref": ""}
    sound, faulty, forbidden = take(
        city, (reporter("AG-SH"), lead_data(1)), (reporter("AG-SH"), bad), (leader(), lead_data(3))
    )
    assert isinstance(sound, tuple)
    assert isinstance(faulty, Invalid)
    assert faulty.errors[0].field == "source_ref"
    assert isinstance(forbidden, Forbidden)
    assert city.count("receipts") == 1


def test_a_blind_answer_knows_what_was_there_and_not_who_comes_with_it(city: City) -> None:
    city.report("AG-BJ", named(1))
    old, new, twin = take(
        city,
        (reporter("AG-SH"), named(1, source_ref="a")),
        (reporter("AG-SH"), named(2, source_ref="b")),
        (reporter("AG-SZ"), named(2, source_ref="c")),
    )
    assert [outcome[1] for outcome in (old, new, twin) if isinstance(outcome, tuple)] == [YES, NO, NO]


def test_the_same_report_twice_in_a_group_is_one_and_another_content_a_conflict(city: City) -> None:
    first, again, other = take(
        city,
        (reporter("AG-SH"), lead_data(1)),
        (reporter("AG-SH"), lead_data(1)),
        (reporter("AG-SH"), lead_data(2) | {"source_ref": lead_data(1)["source_ref"]}),
    )
    assert taken(again).receipt_no == taken(first).receipt_no
    assert (taken(first).duplicate, taken(again).duplicate) == (False, True)
    assert isinstance(other, Conflict)


def test_a_limit_reached_in_the_middle_of_a_group_counts_each_organisation_by_itself(make_city: CityMaker) -> None:
    city = make_city(report_limit=2, check_limit=1)
    outcomes = take(
        city,
        *((reporter("AG-SH"), lead_data(number)) for number in (1, 2, 3)),
        (reporter("AG-BJ"), lead_data(4)),
    )
    assert isinstance(outcomes[2], Limited)
    answers = [outcome[1] if isinstance(outcome, tuple) else "refused" for outcome in outcomes]
    assert answers == [NO, None, "refused", NO]


def test_a_report_of_no_shape_is_told_its_fault(city: City) -> None:
    shapeless: tuple[Any, ...] = (None, [], "x", {"enterprise": [1]}, {"enterprise": {"name": 7, "uscc": {}}})
    for data in shapeless:
        (outcome,) = _Group(city.tools).take([(reporter("AG-SH"), Incoming("AG-SH", data))])
        assert isinstance(outcome, Invalid)


def test_a_name_of_a_known_enterprise_is_known_by_its_code_too(city: City) -> None:
    city.report("AG-BJ", named(1))
    data = lead_data(9)
    data["enterprise"] = {**data["enterprise"], "name": "另一个名字有限公司", "uscc": company(1).uscc}
    (outcome,) = take(city, (reporter("AG-SH"), data))
    assert isinstance(outcome, tuple)
    assert outcome[1] == YES
