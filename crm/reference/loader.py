"""Reads a city's reference pack: a folder of CSV files, into one `ReferencePack`.

The files and columns are those of `crm/reference/kunshan`. A pack is written by strangers, so every fault is
an `Invalid` that names file, line and column, and all faults of a file come at once. General trade words
(`crm/reference/general`) are added to any pack whose nodes bear the same code and name; a pack may bring its own.
Called by `crm reference load`, `crm match` and first start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from crm.domain.errors import FieldError, Invalid
from crm.domain.reference import (
    ChainLink,
    ChainNode,
    ChainWord,
    District,
    Division,
    EconomicClass,
    Industry,
    OutsideWord,
    Park,
    ReferenceOrganisation,
    ReferencePack,
    SideLine,
)
from crm.reference.table import Row, Table, read_table

GENERAL_WORDS = Path(__file__).parent / "general"

REQUIRED = {
    "industries.csv": ("code", "name_zh", "tier"),
    "chains.csv": ("node_code", "industry_code", "name_zh", "stage", "products", "keywords", "gbt4754"),
    "chain_links.csv": ("from_node", "to_node", "relation"),
    "districts.csv": ("code", "name_zh", "type"),
    "parks.csv": ("park_code", "name_zh", "district", "industry_codes", "node_codes"),
    "departments.csv": ("code", "name_zh", "kind"),
    "agencies.csv": ("code", "name_zh", "reports"),
    "gbt4754_2017.csv": ("code", "parent", "level", "name_zh"),
}
OPTIONAL = {
    "admin_divisions.csv": ("code", "parent", "level", "name_zh"),
    "chain_words.csv": ("node_code", "node_name", "words", "weight"),
    "outside_words.csv": ("domain", "words", "weight", "kind"),
    "side_lines.csv": ("phrases",),
}


def load_pack(folder: Path) -> ReferencePack:
    """The pack in `folder`. Raises Invalid naming file, line and column of every fault."""
    if not folder.is_dir():
        raise Invalid.of("CRM_REFERENCE_DIR", f"资料包文件夹不存在：{folder}")
    tables = _read_tables(folder)
    faults: list[FieldError] = []
    industries = {r["code"]: _industry(r) for r in tables["industries.csv"].unique("code", faults)}
    classes = {r["code"]: _economic_class(r, faults) for r in tables["gbt4754_2017.csv"].unique("code", faults)}
    node_rows = tables["chains.csv"].unique("node_code", faults)
    nodes = {r["node_code"]: _node(r, industries, classes, faults) for r in node_rows}
    districts = {r["code"]: _district(r) for r in tables["districts.csv"].unique("code", faults)}
    by_name = {d.name: d.code for d in districts.values()}
    park_rows = list(tables["parks.csv"].unique("park_code", faults))
    parks = {r["park_code"]: _park(r, industries, nodes, by_name, faults) for r in park_rows}
    _check_containment(park_rows, parks, faults)
    pack = ReferencePack(
        version=_version(folder),
        industries=industries,
        nodes=nodes,
        links=tuple(_link(r, nodes, faults) for r in tables["chain_links.csv"].rows),
        parks=parks,
        districts=districts,
        organisations=_organisations(tables, districts.values(), parks.values(), faults),
        classes=classes,
        words=tuple(_chain_words(tables, nodes, faults)),
        outside=tuple(_outside_words(tables, faults)),
        side_lines=_side_lines(tables),
        divisions={r["code"]: _division(r) for r in tables["admin_divisions.csv"].unique("code", faults)},
    )
    if faults:
        raise Invalid(*faults)
    return pack


def _read_tables(folder: Path) -> dict[str, Table]:
    """Every table of the pack, faults of all files in one Invalid."""
    tables: dict[str, Table] = {}
    faults: list[FieldError] = []
    for name, columns in (REQUIRED | OPTIONAL).items():
        try:
            tables[name] = read_table(folder / name, columns, required=name in REQUIRED)
        except Invalid as fault:
            faults.extend(fault.errors)
    for name in ("chain_words.csv", "outside_words.csv", "side_lines.csv"):
        tables[f"general/{name}"] = read_table(GENERAL_WORDS / name, OPTIONAL[name], required=True)
    if faults:
        raise Invalid(*faults)
    return tables


def _version(folder: Path) -> str:
    """A short hash of what is read: two packs of equal content are the same version wherever they lie."""
    digest = hashlib.sha256()
    paths = [folder / name for name in sorted(REQUIRED | OPTIONAL)]
    paths += sorted(GENERAL_WORDS.glob("*.csv"))
    for path in paths:
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _industry(row: Row) -> Industry:
    return Industry(
        code=row["code"],
        name=row["name_zh"],
        tier=row["tier"],
        description=row.get("description"),
        enabled=row.get("enabled") != "no",
    )


def _economic_class(row: Row, faults: list[FieldError]) -> EconomicClass:
    level = row.number("level", faults)
    return EconomicClass(code=row["code"], parent=row["parent"], level=int(level or 0), name=row["name_zh"])


def _node(
    row: Row, industries: Mapping[str, Industry], classes: Mapping[str, EconomicClass], faults: list[FieldError]
) -> ChainNode:
    row.known("industry_code", industries, faults)
    row.known("gbt4754", classes, faults)
    return ChainNode(
        code=row["node_code"],
        industry=row["industry_code"],
        name=row["name_zh"],
        position=row["stage"],
        description=row.get("description"),
        products=row.many("products"),
        keywords=row.many("keywords"),
        gbt4754=row.many("gbt4754"),
    )


def _link(row: Row, nodes: Mapping[str, ChainNode], faults: list[FieldError]) -> ChainLink:
    row.known("from_node", nodes, faults)
    row.known("to_node", nodes, faults)
    row.one_of("relation", ("supplies", "complements"), faults)
    return ChainLink(source=row["from_node"], target=row["to_node"], relation=row["relation"])


def _district(row: Row) -> District:
    return District(
        code=row["code"],
        name=row["name_zh"],
        kind=row["type"],
        admin_code=row.get("admin_code"),
        parent=row.get("parent") or None,
    )


def _park(
    row: Row,
    industries: Mapping[str, Industry],
    nodes: Mapping[str, ChainNode],
    districts: Mapping[str, str],
    faults: list[FieldError],
) -> Park:
    row.known("industry_codes", industries, faults)
    row.known("node_codes", nodes, faults)
    row.known("district", districts, faults)
    tenants = row.number("reported_tenants", faults)
    return Park(
        code=row["park_code"],
        name=row["name_zh"],
        aliases=row.many("aliases"),
        district=districts.get(row["district"]),
        industries=row.many("industry_codes"),
        nodes=row.many("node_codes"),
        focus=row.get("focus"),
        status=row.get("status"),
        planned_area_mu=row.number("planned_area_mu", faults),
        planned_floor_area_wan_m2=row.number("planned_floor_area_wan_m2", faults),
        planned_invest_yi=row.number("planned_invest_yi_cny", faults),
        reported_tenants=None if tenants is None else int(tenants),
        anchors=row.many("anchor_companies_reported"),
        basis=row.get("basis"),
        note=row.get("note"),
        accepts_projects=row.get("accepts_projects") != "no",
        part_of=row.get("part_of") or None,
    )


def _check_containment(rows: Iterable[Row], parks: Mapping[str, Park], faults: list[FieldError]) -> None:
    for row in rows:
        row.known("part_of", parks, faults)
        if row.get("part_of") == row["park_code"]:
            faults.append(row.fault("part_of", "园区不能含于自己"))


def _organisations(
    tables: Mapping[str, Table], districts: Iterable[District], parks: Iterable[Park], faults: list[FieldError]
) -> dict[str, ReferenceOrganisation]:
    """Reporters, districts, bureau, office, departments, and an operator `OP-<park>` for each park."""
    found: dict[str, ReferenceOrganisation] = {}
    for row in tables["departments.csv"].unique("code", faults):
        row.one_of("kind", ("bureau", "office", "department"), faults)
        found[row["code"]] = ReferenceOrganisation(row["code"], row["name_zh"], row["kind"])
    for row in tables["agencies.csv"].unique("code", faults):
        if row["reports"] == "yes":
            found[row["code"]] = ReferenceOrganisation(
                row["code"], row["name_zh"], "reporter", city=row.get("city"), reports=True
            )
    for d in districts:
        found[d.code] = ReferenceOrganisation(d.code, d.name, "district", parent=d.parent)
    for p in parks:
        found[f"OP-{p.code}"] = ReferenceOrganisation(f"OP-{p.code}", f"{p.name} 运营方", "carrier", parent=p.district)
    return found


def _chain_words(
    tables: Mapping[str, Table], nodes: Mapping[str, ChainNode], faults: list[FieldError]
) -> Iterable[ChainWord]:
    """The pack's own words, and the general ones of nodes that mean the same here (code and name agree)."""
    for row in tables["chain_words.csv"].rows:
        row.known("node_code", nodes, faults)
    for name in ("general/chain_words.csv", "chain_words.csv"):
        for row in tables[name].rows:
            node = nodes.get(row["node_code"])
            if node is not None and row["node_name"] in ("", node.name):
                weight = row.number("weight", faults)
                for word in row.many("words"):
                    yield ChainWord(node.code, word, 1.0 if weight is None else weight, row.get("kind") or "product")


def _outside_words(tables: Mapping[str, Table], faults: list[FieldError]) -> Iterable[OutsideWord]:
    for name in ("general/outside_words.csv", "outside_words.csv"):
        for row in tables[name].rows:
            row.one_of("kind", ("word", "class"), faults)
            weight = row.number("weight", faults)
            for word in row.many("words"):
                yield OutsideWord(row["domain"], word, 1.0 if weight is None else weight, row["kind"])


def _side_lines(tables: Mapping[str, Table]) -> tuple[SideLine, ...]:
    names = ("general/side_lines.csv", "side_lines.csv")
    phrases = (phrase for name in names for row in tables[name].rows for phrase in row.many("phrases"))
    return tuple(map(SideLine, dict.fromkeys(phrases)))


def _division(row: Row) -> Division:
    return Division(code=row["code"], parent=row["parent"] or None, level=row["level"], name=row["name_zh"])
