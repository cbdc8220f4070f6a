"""What people wait for: a search, a suggestion, a list of eighty projects, each as a caller meets it."""

from __future__ import annotations

import random
from functools import partial

from benchmarks.measuring import percentiles
from benchmarks.synthetic import brand, credit_code
from crm.domain.actors import Actor, Role
from crm.services.tools import Tools
from crm.store.queries.projects import ProjectFilter, enterprise_names, list_projects
from crm.store.queries.scope import scope_of
from search.index import SearchQuery

CALLS = 200
LIST = 80
DISPATCHER = Actor("user:bench", "BUREAU", Role.DISPATCHER)
ACCESS = ("public", "bureau")
FACETS = ("type", "industries", "stage", "light", "sources")


def search_p95(tools: Tools, events: int) -> float:
    """Brands, codes, product words and pinyin, with facets and highlight; the index is warm."""
    rng = random.Random(3)
    queries = []
    for _ in range(CALLS):
        number = rng.randrange(events)
        queries.append(
            rng.choice((brand(number), credit_code(number), "连接器", "昆山 传感器", "bohong", "锂电池 隔膜"))
        )
    asked = [SearchQuery(text=text, access=ACCESS, facets=FACETS) for text in queries]
    for query in asked[:10]:
        tools.index.search(query)
    return percentiles([partial(tools.index.search, query) for query in asked])[1]


def suggest_p95(tools: Tools, events: int) -> float:
    rng = random.Random(4)
    texts = [brand(rng.randrange(events))[: rng.choice((1, 2, 3))] for _ in range(CALLS)]
    return percentiles([partial(tools.index.suggest, text, ACCESS) for text in texts])[1]


def list_p95(tools: Tools) -> float:
    """Eighty projects of the queue with the names of their enterprises."""

    def once() -> None:
        with tools.database.read() as session:
            page = list_projects(session, scope_of(session, DISPATCHER), ProjectFilter(stages=("reported",), size=LIST))
            enterprise_names(session, page.items)

    once()
    return percentiles([once] * CALLS)[1]
