"""The chain: every industry, its map with holes and thin places, a node with who is there and who would fit.

Reading only; counts and lists go through the scope. What officers change is `chain_edits.py` beside this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from crm.domain.actors import Actor
from crm.domain.chain_edits import RELATIONS, WORD_KINDS
from crm.domain.chain_map import STANDINGS, Standing, by_position, neighbours, places
from crm.domain.errors import NotFound
from crm.domain.permissions import Verb, may, require
from crm.domain.reference import ChainNode, ReferencePack
from crm.services import chain_edits
from crm.services.lights import lights_of
from crm.store.queries.chains import count_by_node, projects_of_node
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.frame import pages_blueprint, show, today, tools

blueprint = pages_blueprint("chains")
TIERS = {"2": "主导产业", "6": "新兴产业", "X": "先导与特色"}


@blueprint.get("/chains")
def chain_list() -> Response:
    actor = current_actor()
    require(actor, Verb.READ_ENTERPRISES)
    pack = tools().reference.pack()
    with tools().database.read() as session:
        counts = _counts(session, actor)
        waiting = chain_edits.waiting(session)
    return show(
        "chains.html",
        by_industry=places(pack, counts),
        tiers=TIERS,
        standings=STANDINGS,
        hole=Standing.HOLE,
        thin=Standing.THIN,
        waiting=waiting,
        edits=may(actor, Verb.EDIT_CHAINS),
    )


def _counts(session: Session, actor: Actor) -> Mapping[str, tuple[int, int]]:
    counts = count_by_node(session, scope_of(session, actor))
    return {code: (count.landed, count.talking) for code, count in counts.items()}


@blueprint.get("/chains/<industry>")
def chain_map(industry: str) -> Response:
    actor = current_actor()
    require(actor, Verb.READ_ENTERPRISES)
    pack = tools().reference.pack()
    if industry not in pack.industries:
        raise NotFound("没有这个产业")
    with tools().database.read() as session:
        counts, whole = _counts(session, actor), scope_of(session, actor).city_wide
    mine = places(pack, counts)[industry]
    return show(
        "chain.html",
        industry=pack.industries[industry],
        columns=by_position(mine),
        places=mine,
        parks=[park for park in pack.parks.values() if industry in park.industries],
        standings=STANDINGS,
        links=_links_within(pack, industry),
        edits=may(actor, Verb.EDIT_CHAINS),
        whole=whole,
    )


def _links_within(pack: ReferencePack, industry: str) -> int:
    inside = {code for code, node in pack.nodes.items() if node.industry == industry}
    return sum(link.source in inside and link.target in inside for link in pack.links)


@blueprint.get("/chains/nodes/<code>")
def chain_node(code: str) -> Response:
    return show_node(code)


def show_node(code: str, *, status: int = 200, **more: Any) -> Response:
    """The page of a node. `more`: a refused form shown again with what was entered."""
    actor = current_actor()
    require(actor, Verb.READ_ENTERPRISES)
    pack = tools().reference.pack()
    node = pack.nodes.get(code)
    if node is None:
        raise NotFound("没有这个环节")
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        found = projects_of_node(session, scope, code)
        lights = lights_of(session, [one.project for one in found], today())
        own = chain_edits.edits(session, subjects=(code,), limit=30)
    words = _words(pack, node)
    return show(
        "chain_node.html",
        status=status,
        node=node,
        industry=pack.industries[node.industry],
        near=neighbours(pack, code),
        parks=[park for park in pack.parks.values() if code in park.nodes],
        landed=[one for one in found if one.project.landed_on is not None],
        coming=[one for one in found if one.project.landed_on is None],
        lights=lights,
        whole=scope.city_wide,
        words=words,
        word_count=sum(len(some) for _, some in words),
        kinds=WORD_KINDS,
        relations=RELATIONS,
        history=own,
        edits=may(actor, Verb.EDIT_CHAINS),
        enterprise_link=may(actor, Verb.READ_ENTERPRISES),
        **{"entered": {}, "errors": {}, **more},
    )


def _words(pack: ReferencePack, node: ChainNode) -> list[tuple[str, list[tuple[str, float]]]]:
    """The node's words by kind, the weightiest first."""
    found: dict[str, list[tuple[str, float]]] = {kind: [] for kind in WORD_KINDS}
    found["product"] += [(word, 1.0) for word in (*node.keywords, *node.products)]
    for word in pack.words:
        if word.node == node.code:
            found.setdefault(word.kind, []).append((word.word, word.weight))
    return [(kind, sorted(dict(words).items(), key=lambda pair: -pair[1])) for kind, words in found.items() if words]
