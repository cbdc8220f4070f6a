"""The city's reference pack as plain values: industries, chain graph, parks, districts, organisations.

Read from the pack's CSV files by `crm/reference/loader.py` and from the database by
`crm/store/reference.py`; matching and validation see only these. Another city brings another pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Industry:
    code: str
    name: str
    tier: str  # "2", "6" or "X" of the plan's 2+6+X
    description: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ChainNode:
    code: str
    industry: str
    name: str
    position: str  # 上游 中游 下游 配套
    description: str = ""
    products: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    gbt4754: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainLink:
    """`supplies`: source delivers to target; `complements`: undirected."""

    source: str
    target: str
    relation: str


@dataclass(frozen=True, slots=True)
class District:
    code: str
    name: str
    kind: str  # 区 or 镇
    admin_code: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """A park. Unknown figures are None, never zero. Areas: 亩, 万㎡; investment: 亿元."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    district: str | None = None  # district code
    industries: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    focus: str = ""
    status: str = ""
    planned_area_mu: float | None = None
    planned_floor_area_wan_m2: float | None = None
    planned_invest_yi: float | None = None
    reported_tenants: int | None = None
    anchors: tuple[str, ...] = ()
    basis: str = ""
    note: str = ""
    accepts_projects: bool = True
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class ReferenceOrganisation:
    """kind: bureau, office, department, reporter, district, carrier."""

    code: str
    name: str
    kind: str
    city: str = ""
    parent: str | None = None
    reports: bool = False


@dataclass(frozen=True, slots=True)
class EconomicClass:
    """A class of GB/T 4754-2017; level 1 (门类) to 4 (小类)."""

    code: str
    parent: str
    level: int
    name: str


@dataclass(frozen=True, slots=True)
class ChainWord:
    """A word of the trade (slang, English name, synonym) that speaks for a node. weight: 1 is that of a keyword; kind:
    product, material, process, equipment, speech or english."""

    node: str
    word: str
    weight: float = 1.0
    kind: str = "product"


@dataclass(frozen=True, slots=True)
class OutsideWord:
    """A word, or the beginning of a GB/T 4754 code, of a trade that is none of the city's chains (银行, 房地产 …)."""

    domain: str
    word: str
    weight: float = 1.0
    kind: str = "word"  # or "class"


@dataclass(frozen=True, slots=True)
class SideLine:
    """A clause of a business scope that anybody registers beside the real trade: it says little."""

    phrase: str


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city, county or town of GB/T 2260 and GB/T 10114."""

    code: str
    parent: str | None
    level: str
    name: str


@dataclass(frozen=True, slots=True)
class ReferencePack:
    """Everything of a city that is data. `version` changes whenever any of it does (a content hash)."""

    version: str
    industries: Mapping[str, Industry] = field(default_factory=dict)
    nodes: Mapping[str, ChainNode] = field(default_factory=dict)
    links: tuple[ChainLink, ...] = ()
    parks: Mapping[str, Park] = field(default_factory=dict)
    districts: Mapping[str, District] = field(default_factory=dict)
    organisations: Mapping[str, ReferenceOrganisation] = field(default_factory=dict)
    classes: Mapping[str, EconomicClass] = field(default_factory=dict)
    words: tuple[ChainWord, ...] = ()
    outside: tuple[OutsideWord, ...] = ()
    side_lines: tuple[SideLine, ...] = ()
    divisions: Mapping[str, Division] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)  # of `match_weights.Weights` that are not the default
