"""The frame and the macros keep their promises: readable without colour or script, safe under the strict CSP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, flash, render_template, render_template_string
from markupsafe import escape

WEB = Path(__file__).resolve().parents[2] / "crm" / "web"
FRAME: dict[str, Any] = {
    "city_name": "某市",
    "user": {"name": "林一", "email": "lin@demo.invalid"},
    "membership": {"organisation": "商务局", "role": "调度科"},
    "nav": [{"href": f"/page{n}", "label": f"栏目{n}", "icon": "home", "badge": n} for n in range(6)],
}
IMPORTS = """{% from "macros/marks.html" import icon, badge, stage, light, protection, due, number, money %}
{% from "macros/forms.html" import field, select, textarea, choices, error_summary, confirm_form, post_button %}
{% from "macros/tables.html" import table, pagination, empty %}
{% from "macros/panels.html" import page_head, panel, facts, timeline_item, tabs, progress, figure, chart, steps %}"""


@pytest.fixture(scope="module")
def pages() -> Flask:
    """One application for the module: templates are compiled once."""
    app = Flask("pages", template_folder=str(WEB / "templates"), static_folder=str(WEB / "static"))
    app.secret_key = "not secret"
    app.jinja_env.globals["csrf_token"] = lambda: "the-token"
    app.add_url_rule("/at-parks", "parks")
    return app


@pytest.fixture
def app(pages: Flask) -> Iterator[Flask]:
    with pages.test_request_context("/page1/7"):
        yield pages


def made(source: str, **context: Any) -> str:
    return render_template_string(IMPORTS + source, **context).strip()


@pytest.mark.usefixtures("app")
class TestTheFrame:
    def test_search_is_a_plain_get_form(self) -> None:
        page = render_template("base.html", **FRAME)
        assert 'action="/search" method="get"' in page
        assert 'name="q"' in page

    def test_signing_out_is_a_post_with_the_token(self) -> None:
        page = render_template("base.html", **FRAME)
        form = page.split('method="post" action="/sign-out">')[1]
        assert form.startswith('<input type="hidden" name="csrf_token" value="the-token">')

    def test_the_item_of_the_present_page_is_marked(self) -> None:
        page = render_template("base.html", **FRAME)
        assert re.findall(r'href="([^"]+)" aria-current="page"', page) == ["/page1", "/page1"]

    def test_the_phone_bar_keeps_four_items_and_puts_the_rest_under_more(self) -> None:
        bar = render_template("base.html", **FRAME).split('class="bottom-bar"')[1]
        before, after = bar.split('<details class="more">')
        assert (before.count("栏目"), after.count("栏目")) == (4, 2)

    def test_an_item_may_name_an_endpoint(self) -> None:
        nav = [{"endpoint": "parks", "label": "园区"}]
        assert 'href="/at-parks"' in render_template("base.html", **{**FRAME, "nav": nav})

    def test_switching_membership_is_offered_only_where_there_are_several(self) -> None:
        both = [{"id": code, "organisation": code, "role": "区镇", "current": code == "甲"} for code in "甲乙"]
        assert "切换身份" in render_template("base.html", **FRAME, memberships=both)
        assert "切换身份" not in render_template("base.html", **FRAME, memberships=both[:1])

    def test_a_message_is_shown_once_with_its_tone(self) -> None:
        flash("没有保存", "error")
        assert '<div class="flash flash-error" role="alert">' in render_template("base.html", **FRAME)

    def test_the_index_lag_is_shown(self) -> None:
        assert re.search(r"滞后 <b class=\"num\">4</b> 秒", render_template("base.html", **FRAME, index_lag=4.2))

    def test_nobody_signed_in_sees_neither_search_nor_navigation(self) -> None:
        page = render_template("sign_in.html", city_name="某市")
        assert "global-search" not in page
        assert "sidebar" not in page

    def test_htmx_is_told_to_evaluate_nothing_and_to_keep_no_pages(self) -> None:
        page = render_template("base.html", **FRAME)
        assert '"allowEval":false' in page
        assert '"historyCacheSize":0' in page
        assert '"includeIndicatorStyles":false' in page

    def test_an_error_shows_fields_and_the_number_to_quote(self) -> None:
        fault = {"field": "contacts.0.email", "message": "不是邮箱"}
        context = {**FRAME, "status": 422, "title": "填写有误", "message": "请改正", "error_id": "E-7"}
        page = render_template("error.html", errors=[fault], **context)
        assert "contacts.0.email" in page
        assert "E-7" in page


@pytest.mark.usefixtures("app")
class TestFormParts:
    def test_a_field_names_its_hint_and_its_fault(self) -> None:
        source = '{{ field("project.land", "土地", "x", errors=errors, hint="可空", unit="亩") }}'
        html = made(source, errors={"project.land": "请填数字"})
        assert 'for="f-project-land"' in html
        assert 'aria-describedby="f-project-land-hint f-project-land-error"' in html
        assert 'aria-invalid="true"' in html
        assert "<span>亩</span>" in html

    def test_a_field_without_fault_says_nothing_of_one(self) -> None:
        html = made('{{ field("name", "名称") }}')
        assert "aria-" not in html

    def test_what_a_person_typed_is_escaped(self) -> None:
        hostile = '"><script>alert(1)</script>'
        html = made('{{ field("a", text, text) }}{{ textarea("b", text, text) }}{{ badge(text) }}', text=hostile)
        assert "<script>" not in html
        assert str(escape(hostile)) in html

    def test_a_select_compares_values_as_text(self) -> None:
        assert '<option value="2" selected>' in made('{{ select("n", "数", [(1, "一"), (2, "二")], "2") }}')

    def test_the_summary_leads_to_each_field(self) -> None:
        html = made('{{ error_summary({"project.land": "请填数字"}, {"project.land": "土地"}) }}')
        assert '<a href="#f-project-land">土地</a>：请填数字' in html

    def test_choices_can_be_reached_from_the_summary(self) -> None:
        assert 'id="f-project-kind"' in made('{{ choices("project.kind", "类型", [("new", "新设")]) }}')

    def test_a_post_button_carries_token_and_version(self) -> None:
        html = made('{{ post_button("/projects/1/accept", "受理", version=7) }}')
        assert 'name="csrf_token" value="the-token"' in html
        assert 'name="version" value="7"' in html

    def test_a_confirmation_needs_no_script(self) -> None:
        html = made('{% call confirm_form("/x", "搁置", "确定？", version=0) %}<input name="reason">{% endcall %}')
        assert html.startswith("<details")
        assert 'name="version" value="0"' in html
        assert 'name="reason"' in html


@pytest.mark.usefixtures("app")
class TestMarks:
    @pytest.mark.parametrize(
        ("colour", "word"), [("green", "正常"), ("yellow", "关注"), ("red", "预警"), ("none", "未评")]
    )
    def test_a_light_has_a_word_beside_its_colour(self, colour: str, word: str) -> None:
        assert word in made("{{ light(colour) }}", colour=colour)

    def test_a_light_tells_the_rule_to_eye_and_ear(self) -> None:
        html = made('{{ light("red", "三个月未联系") }}')
        assert 'title="三个月未联系"' in html
        assert '<span class="visually-hidden">：三个月未联系</span>' in html

    def test_an_unknown_stage_shows_its_code(self) -> None:
        assert ">something_new<" in made('{{ stage("something_new") }}')

    @pytest.mark.parametrize(
        ("wan", "shown"),
        [
            (None, "—"),
            (0, "0万元"),
            (0.5, "0.5万元"),
            (9999, "9,999万元"),
            (10000, "1亿元"),
            (52345, "5.23亿元"),
            (100000, "10亿元"),
        ],
    )
    def test_money_changes_to_yi_from_one_yi_on(self, wan: float | None, shown: str) -> None:
        assert re.sub(r"<[^>]+>", "", made("{{ money(wan) }}", wan=wan)) == shown

    def test_zero_is_a_figure_and_not_unknown(self) -> None:
        assert "—" not in made("{{ number(0) }}")


@pytest.mark.usefixtures("app")
class TestBlocks:
    def test_a_table_links_its_sortable_heads_and_turns_the_present_order(self) -> None:
        columns = [{"label": "名称", "sort": "name"}]
        source = '{% call table(columns, sort="name", sort_url=url) %}<tr></tr>{% endcall %}'
        html = made(source, columns=columns, url="?sort={}".format)
        assert 'aria-sort="ascending"' in html
        assert 'href="?sort=-name"' in html

    def test_progress_reads_aloud_and_is_cut_at_a_hundred(self) -> None:
        html = made('{{ progress(130, "签约", 58) }}')
        assert 'aria-label="签约：130%，计划 58%"' in html
        assert 'class="bar-fill" width="100%"' in html

    def test_a_chart_keeps_its_options_whole_inside_the_attribute(self) -> None:
        html = made('{{ chart({"title": "a\'b<c>"}, "图") }}')
        assert 'data-chart=\'{"title": "a\\u0027b\\u003cc\\u003e"}\'' in html

    def test_facts_say_what_is_not_filled_in(self) -> None:
        assert "未填" in made('{{ facts([("用能", none)]) }}')

    def test_the_first_and_only_page_has_no_links(self) -> None:
        assert "href" not in made("{{ pagination(shown=3, total=3) }}")


def sources() -> list[Path]:
    return sorted((WEB / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(WEB)))
def test_no_template_needs_more_than_the_strict_csp(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(WEB)))
def test_every_icon_that_is_named_is_in_the_sprite_list(path: Path) -> None:
    listed = set((WEB.parents[1] / "dev" / "frontend" / "icons.txt").read_text(encoding="utf-8").split())
    named = set(re.findall(r'\bicon\("([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    assert named <= listed


def test_the_lockfile_names_no_registry() -> None:
    assert '"resolved"' not in (WEB.parents[1] / "package-lock.json").read_text(encoding="utf-8")
