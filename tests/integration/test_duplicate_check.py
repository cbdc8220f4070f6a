"""The blind check: yes or no and a date, limited by organisation and hour across processes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from crm.domain.errors import Forbidden
from crm.services.duplicate_check import BlindAnswer, Limited, admit_report, check
from tests.factories.actors import department, leader, reporter
from tests.factories.cities import City, CityMaker
from tests.factories.companies import company, wrong_code
from tests.factories.leads import named

WHO = company(1)
NO = BlindAnswer(reported=False, protected_until=None)


def ask(city: City, name: str | None = None, uscc: str | None = None, organisation: str = "AG-SH") -> BlindAnswer:
    return check(city.tools, reporter(organisation), name=name, uscc=uscc)


def test_nobody_reported_it(city: City) -> None:
    assert ask(city, WHO.name, WHO.uscc) == NO


@pytest.mark.parametrize(("name", "uscc"), [(WHO.name, None), (None, WHO.uscc), ("别的名字有限公司", WHO.uscc)])
def test_name_or_code_says_yes_and_nothing_else(city: City, name: str | None, uscc: str | None) -> None:
    city.report("AG-BJ", named(1))
    assert ask(city, name, uscc) == BlindAnswer(reported=True, protected_until=None)


def test_a_protection_in_force_shows_its_last_day(city: City) -> None:
    city.report("AG-BJ", named(1))
    until = datetime(2026, 8, 29, 15, 59, tzinfo=UTC)
    with city.tools.database.write() as session:
        session.execute(text("UPDATE leads SET protected_until = :until"), {"until": until.replace(tzinfo=None)})
    assert ask(city, WHO.name) == BlindAnswer(reported=True, protected_until=date(2026, 8, 29))


def test_a_wrong_code_or_a_part_of_the_name_says_no(city: City) -> None:
    city.report("AG-BJ", named(1))
    assert ask(city, None, wrong_code(1)) == NO
    assert ask(city, WHO.short) == NO
    assert ask(city) == NO


@pytest.mark.parametrize("actor", [leader(), department()])
def test_who_does_not_report_may_not_ask(city: City, actor: object) -> None:
    with pytest.raises(Forbidden):
        check(city.tools, actor, name=WHO.name, uscc=None)  # type: ignore[arg-type]


def test_beyond_the_limit_the_answer_is_refused(make_city: CityMaker) -> None:
    city = make_city(check_limit=3)
    for _ in range(3):
        ask(city, WHO.name)
    with pytest.raises(Limited):
        ask(city, WHO.name)


def test_the_limit_is_each_organisations_own_and_starts_anew_each_hour(make_city: CityMaker) -> None:
    city = make_city(check_limit=1)
    ask(city, WHO.name)
    ask(city, WHO.name, organisation="AG-BJ")
    with pytest.raises(Limited):
        ask(city, WHO.name)
    city.clock.move(timedelta(hours=1))
    ask(city, WHO.name)


def test_two_processes_on_one_database_share_the_limit(make_city: CityMaker) -> None:
    one = make_city("shared", check_limit=4)
    other = make_city("shared", fresh=False, check_limit=4)
    for _ in range(2):
        ask(one, WHO.name)
        ask(other, WHO.name)
    for city in (one, other):
        with pytest.raises(Limited):
            ask(city, WHO.name)


def test_a_report_uses_up_the_same_limit_and_beyond_it_the_answer_is_withheld(make_city: CityMaker) -> None:
    city = make_city(check_limit=2)
    city.report("AG-BJ", named(1))
    given = admit_report(city.tools, reporter("AG-SH"), name=WHO.name, uscc=None)
    assert given == BlindAnswer(reported=True, protected_until=None)
    ask(city, WHO.name)
    assert admit_report(city.tools, reporter("AG-SH"), name=WHO.name, uscc=None) is None
