"""Feeds of organisations that were made while the line was running."""

from __future__ import annotations

from crm.cli.opening import ADMINISTRATOR
from crm.services.accounts import create_organisation
from schemas.topics import feed_topic
from tests.factories.cities import City


def test_an_organisation_made_later_has_a_feed_that_intake_reads(city: City) -> None:
    assert feed_topic("AG-NEW") not in city.intake.topics()
    create_organisation(city.tools, ADMINISTRATOR, code="AG-NEW", name="新设机构", kind="reporter")
    assert feed_topic("AG-NEW") in city.intake.topics()


def test_an_organisation_that_does_not_report_has_no_feed(city: City) -> None:
    create_organisation(city.tools, ADMINISTRATOR, code="OP-NEW", name="新设载体", kind="carrier")
    assert feed_topic("OP-NEW") not in city.intake.topics()
