"""What matching needs of a report, as plain values. Units: 亩, ㎡, 吨标煤 a year.

Made from a lead's `data` (interface.md, checked by its schema before) by intake and by `crm match`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class SiteNeeds:
    """What a building must offer. None: not said."""

    storey: int | None = None
    height_m: float | None = None
    load_t_m2: float | None = None
    power_kva: float | None = None


NO_SITE_NEEDS = SiteNeeds()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a park's operator answered to a check of this project. verdict: meets or breaks."""

    park: str
    constraint: str
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class MatchInput:
    """Enterprise text, project needs and hints of one report. Numbers are None when not said, never zero."""

    name: str = ""
    aliases: tuple[str, ...] = ()
    english_name: str = ""
    main_business: str = ""
    business_scope: str = ""
    gbt4754: tuple[str, ...] = ()
    title: str = ""
    summary: str = ""
    site_mode: str = "undecided"
    land_mu: float | None = None
    floor_area_m2: float | None = None
    energy_tce: float | None = None
    process_risks: tuple[str, ...] = ()
    site_needs: SiteNeeds = NO_SITE_NEEDS
    preferred_districts: tuple[str, ...] = ()
    first_talk_district: str | None = None
    chain_nodes: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()

    @cached_property
    def sets_constraints(self) -> bool:
        """Whether the report says anything that a site could break."""
        needs = (self.land_mu, self.floor_area_m2, self.energy_tce, self.process_risks)
        return any(needs) or self.site_needs != NO_SITE_NEEDS

    @classmethod
    def from_payload(
        cls, data: Mapping[str, Any], first_talk_district: str | None = None, answers: tuple[Answer, ...] = ()
    ) -> MatchInput:
        """From a lead's `data`; absent parts are empty. `answers`: what parks said of this project."""
        enterprise: Mapping[str, Any] = data.get("enterprise") or {}
        project: Mapping[str, Any] = data.get("project") or {}
        return cls(
            name=enterprise.get("name") or "",
            aliases=tuple(enterprise.get("aliases") or ()),
            english_name=enterprise.get("english_name") or "",
            main_business=enterprise.get("main_business") or "",
            business_scope=enterprise.get("business_scope") or "",
            gbt4754=tuple(enterprise.get("gbt4754") or ()),
            title=project.get("title") or "",
            summary=project.get("summary") or "",
            site_mode=project.get("site_mode") or "undecided",
            land_mu=project.get("land"),
            floor_area_m2=project.get("floor_area"),
            energy_tce=project.get("energy"),
            process_risks=tuple(project.get("process_risks") or ()),
            site_needs=_site_needs(project.get("site_needs") or {}),
            preferred_districts=tuple(project.get("preferred_districts") or ()),
            first_talk_district=first_talk_district,
            chain_nodes=tuple(project.get("chain_nodes") or ()),
            answers=answers,
        )


def _site_needs(given: Mapping[str, Any]) -> SiteNeeds:
    if not given:
        return NO_SITE_NEEDS
    return SiteNeeds(
        storey=given.get("storey"),
        height_m=given.get("height_m"),
        load_t_m2=given.get("load_t_m2"),
        power_kva=given.get("power_kva"),
    )
