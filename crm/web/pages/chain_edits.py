"""Changing words, graph and weights: proposed with a trial, decided by another; and what re-matching would change.

One POST a change, one service call each; a refused form comes back with what was entered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from crm.domain.actors import Actor
from crm.domain.chain_edits import WORD_KINDS
from crm.domain.errors import Conflict, CrmError, Invalid, NotFound
from crm.domain.match_weights import Weights
from crm.domain.permissions import Verb, may, require
from crm.services import chain_edits, rematching
from crm.services.chain_edits import Proposal
from crm.store.models import ChainEdit
from crm.store.queries.choices import Hits, hits_by_district, hits_by_industry, overrides
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.chains import show_node
from crm.web.pages.forms import day, done, faults, own_path, sentence, text
from crm.web.pages.frame import pages_blueprint, show, today, tools

blueprint = pages_blueprint("chain-edits")
STATES = {"proposed": "待审核", "live": "已生效", "refused": "未采纳", "withdrawn": "已撤回"}
KINDS = {
    "word": "环节词语", "outside": "非链词语", "industry": "产业启停", "weights": "匹配权重", "node": "环节",
    "link": "上下游关系", "park": "园区定位",
}  # fmt: skip
WEIGHTS = {
    "same_node": "同环节集聚", "fills_hole": "补链", "linked": "强链延链", "same_industry": "同产业",
    "near_industry": "相近产业", "focus": "一园一品（加）", "elsewhere": "错位竞争（减）", "preferred": "企业首选区镇（加）",
    "first_talk": "首谈区镇（加）", "room": "有空置载体（加）", "balance": "区镇均衡（加）",
}  # fmt: skip
RUN_STATES = {
    "asked": "排队中", "counting": "测算中", "counted": "待应用", "approved": "排队应用", "applying": "应用中",
    "applied": "已应用", "dropped": "已放弃",
}  # fmt: skip


@blueprint.get("/chains/edits")
def edit_list() -> Response:
    require(current_actor(), Verb.EDIT_CHAINS)
    with tools().database.read() as session:
        rows = chain_edits.edits(session)
    return show(
        "chain_edits.html",
        waiting=[row for row in rows if row.state == "proposed"],
        settled=[row for row in rows if row.state != "proposed"],
        states=STATES,
        kinds=KINDS,
        day=today(),
        told=told,
        me=current_actor().id,
    )


def told(row: ChainEdit) -> str:
    """An edit as a sentence."""
    data, pack = row.data, tools().reference.pack()
    node = pack.nodes.get(row.subject)
    subject = node.name if node else row.subject
    if row.kind in ("word", "outside"):
        where = f"“{subject}”" if row.kind == "word" else f"非链行业“{subject}”"
        kind = f"（{WORD_KINDS.get(data.get('kind', 'product'), '')}）" if row.kind == "word" else ""
        return f"{where}{'停用' if not data['weight'] else '增加'}词语“{data['word']}”{kind}" + (
            f"，权重 {data['weight']:g}" if data["weight"] else ""
        )
    if row.kind == "industry":
        industry = pack.industries.get(row.subject)
        return f"{'启用' if data['enabled'] else '停用'}产业“{industry.name if industry else row.subject}”"
    if row.kind == "weights":
        return "权重：" + "、".join(f"{WEIGHTS.get(name, name)} {value:g}" for name, value in data.items())
    if row.kind == "link":
        target = pack.nodes.get(data["target"])
        verb = "建立" if data["present"] else "解除"
        relation = "供给" if data["relation"] == "supplies" else "互补"
        return f"{verb}“{subject}”与“{target.name if target else data['target']}”的{relation}关系"
    if row.kind == "node":
        return f"环节 {row.subject}：{data['name']}（{data['position']}）"
    names = "、".join(pack.nodes[code].name for code in data.get("nodes", ()) if code in pack.nodes)
    return f"园区 {row.subject} 主导环节：{names}"


@blueprint.post("/chains/edits/words")
def propose_word() -> Response:
    """A word of a node, or muting one (weight 0)."""

    def wanted() -> Proposal:
        data = {"word": text("word", longest=200), "weight": _number("weight"), "kind": text("kind") or "product"}
        return Proposal("word", _node(), data, text("reason", longest=500), day("starts_on"))

    return _proposed(wanted, _node_again)


@blueprint.post("/chains/edits/links")
def propose_link() -> Response:
    def wanted() -> Proposal:
        data = {"target": text("target"), "relation": text("relation"), "present": text("present") != "no"}
        return Proposal("link", _node(), data, text("reason", longest=500))

    return _proposed(wanted, _node_again)


@blueprint.post("/chains/edits/industries")
def propose_industry() -> Response:
    def wanted() -> Proposal:
        code = text("industry", required=True, longest=80)
        return Proposal("industry", code, {"enabled": text("enabled") == "yes"}, text("reason", longest=500))

    return _proposed(wanted, lambda _: redirect("/chains", 303))


@blueprint.post("/chains/edits/weights")
def propose_weights() -> Response:
    """Only the weights that were changed become part of the edit."""

    def wanted() -> Proposal:
        now = Weights(**tools().reference.pack().weights)
        data = {name: _number(name) for name in Weights.names() if name in request.form}
        changed = {name: value for name, value in data.items() if value != getattr(now, name)}
        return Proposal("weights", "weights", changed, text("reason", longest=500), day("starts_on"))

    return _proposed(wanted, _matching)


def _number(name: str) -> float | None:
    try:
        return float(request.form.get(name, ""))
    except ValueError:
        return None


def _node() -> str:
    return text("node", required=True, longest=80)


def _proposed(wanted: Callable[[], Proposal], again: Callable[[CrmError], Response]) -> Response:
    """Refused: told, and the page again with what was entered."""
    try:
        chain_edits.propose(tools(), current_actor(), wanted())
    except (Invalid, Conflict) as refusal:
        named = [f"{WEIGHTS[name]}：{message}" for name, message in faults(refusal).items() if name in WEIGHTS]
        flash("；".join(named) or sentence(refusal), "error")
        return again(refusal)
    return done("已提交，试测结果见待审核列表；他人审核后生效", "/chains/edits")


def _node_again(refused: CrmError) -> Response:
    return show_node(text("node"), status=422, entered=request.form, errors=faults(refused))


@blueprint.post("/chains/edits/<edit_id>/<verb>")
def decide(edit_id: str, verb: str) -> Response:
    """approve, refuse or withdraw."""
    actor, wired = current_actor(), tools()
    steps = {
        "approve": (
            lambda: chain_edits.decide(wired, actor, edit_id, approve=True),
            "已采纳，从生效日起按此匹配新线索；未派发的项目可在匹配页重新匹配",
        ),
        "refuse": (lambda: chain_edits.decide(wired, actor, edit_id, approve=False, reason=_reason()), "已记为未采纳"),
        "withdraw": (lambda: chain_edits.withdraw(wired, actor, edit_id, reason=_reason()), "已撤回"),
    }
    if verb not in steps:
        raise NotFound("没有这个操作")
    answer = _settled(*steps[verb])
    wired.reference.look_again()
    return answer


def _reason() -> str:
    return text("reason", longest=500)


def _settled(step: Any, said: str) -> Response:
    back = own_path(text("back"), "/chains/edits")
    try:
        step()
    except CrmError as refusal:
        flash(sentence(refusal), "error")
        return redirect(back, 303)
    return done(said, back)


@blueprint.get("/matching")
def matching() -> Response:
    """How often proposals are followed, the weights in force, and what matching anew would change."""
    return _matching()


def _matching(refused: CrmError | None = None) -> Response:
    actor = current_actor()
    require(actor, Verb.READ_ENTERPRISES)
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        districts, industries = hits_by_district(session, scope), hits_by_industry(session, scope)
        return show(
            "matching.html",
            part="parts/rematch.html",
            whole=sum(districts.values(), Hits()),
            districts=districts,
            industries=industries,
            overrides=overrides(session, scope, 12),
            run=rematching.latest_run(session) if may(actor, Verb.EDIT_CHAINS) else None,
            run_states=RUN_STATES,
            weights=_weights(),
            status=422 if refused else 200,
            entered=request.form if refused else {},
            edits=may(actor, Verb.EDIT_CHAINS),
        )


def _weights() -> Mapping[str, tuple[str, float, float]]:
    """Name → (words, value in force, default)."""
    now, usual = Weights(**tools().reference.pack().weights), Weights()
    return {name: (WEIGHTS[name], getattr(now, name), getattr(usual, name)) for name in Weights.names()}


@blueprint.post("/matching/rematch")
def ask_rematch() -> Response:
    return _run(lambda actor: rematching.ask(tools(), actor), "已开始测算，结果出来前不改动任何项目")


@blueprint.post("/matching/rematch/<run_id>/<verb>")
def settle_rematch(run_id: str, verb: str) -> Response:
    if verb not in ("apply", "drop"):
        raise NotFound("没有这个操作")
    approve = verb == "apply"
    said = "已开始应用，项目会陆续更新" if approve else "已放弃，没有改动任何项目"
    return _run(lambda actor: rematching.settle(tools(), actor, run_id, approve=approve), said)


def _run(step: Any, said: str) -> Response:
    actor: Actor = current_actor()
    try:
        step(actor)
    except CrmError as refusal:
        flash(sentence(refusal), "error")
        return redirect("/matching#rematch", 303)
    return done(said, "/matching#rematch")
