"""The leader's page, one A4: this month and year, stages, districts, industries, ten stuck projects. Figures drill down."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from crm.domain.milestones import NAMES, STAGES
from crm.domain.permissions import Verb, require
from crm.services.lights import lights_of
from crm.store.queries.figures import by_district, by_industry, by_stage, period, stuck
from crm.store.queries.projects import enterprise_names
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.frame import names, pages_blueprint, show, today, tools

blueprint = pages_blueprint("overview")
STUCK = 10
LOOKED_AT = 200
"""How many of those longest in their stage are asked for their light."""
YI = 100_000_000


@blueprint.get("/overview")
def overview() -> Response:
    actor = current_actor()
    require(actor, Verb.READ_PROJECTS)
    day = today()
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        month = period(session, scope, day.replace(day=1), day)
        year = period(session, scope, day.replace(month=1, day=1), day)
        stages = by_stage(session, scope)
        districts = by_district(session, scope)
        industries = by_industry(session, scope)
        longest = stuck(session, scope, LOOKED_AT)
        lights = lights_of(session, longest, day)
        held_up = [project for project in longest if lights[project.id].colour != "green"][:STUCK]
        enterprises = enterprise_names(session, held_up)
    on_line = [(code, stages[code]) for code in STAGES if code in stages]
    return show(
        "overview.html",
        day=day,
        month=month,
        year=year,
        stages=on_line,
        stage_chart=_bars([NAMES[code] for code, _ in on_line], [tally.count for _, tally in on_line]),
        districts=districts,
        industries=list(industries.items()),
        industry_chart=_bars(
            [names().industry(code) if code else "未判" for code in industries],
            [tally.count for tally in industries.values()],
            lying=True,
        ),
        held_up=held_up,
        lights=lights,
        enterprises=enterprises,
    )


def _bars(labels: list[str], values: list[int], *, lying: bool = False) -> dict[str, Any]:
    """A bar chart; a lying one reads from the top."""
    words: dict[str, Any] = {"type": "category", "data": labels}
    if lying:
        words |= {"inverse": True}
    numbers = {"type": "value", "minInterval": 1}
    series = [{"name": "项目数", "type": "bar", "data": values, "barMaxWidth": 22, "label": {"show": True}}]
    axes = {"xAxis": numbers, "yAxis": words} if lying else {"xAxis": words, "yAxis": numbers}
    if lying:
        series[0]["label"] = {"show": True, "position": "right"}
    else:
        series[0]["label"] = {"show": True, "position": "top"}
    return {**axes, "series": series}
