"""A small invented city for tests of matching: three industries, six parks, four districts."""

from __future__ import annotations

from typing import Any

from crm.domain.reference import (
    ChainLink,
    ChainNode,
    District,
    EconomicClass,
    Industry,
    OutsideWord,
    Park,
    ReferencePack,
)

NODES = (
    ChainNode("A01", "AA", "电路板", "中游", keywords=("线路板", "柔性线路板"), gbt4754=("3982",)),
    ChainNode("A02", "AA", "连接器", "中游", keywords=("连接器", "接插件")),
    ChainNode("A03", "AA", "整机组装", "下游", keywords=("笔记本电脑", "整机组装")),
    ChainNode("B01", "BB", "汽车连接器", "上游", keywords=("汽车连接器", "高压线束")),
    ChainNode("B02", "BB", "整车", "下游", keywords=("新能源客车",)),
    ChainNode("C01", "CC", "智能手表", "下游", keywords=("智能手表", "智能手环")),
)
PARKS = (
    Park("P1", "电路板产业园", district="D1", industries=("AA",), nodes=("A01",), planned_area_mu=100),
    Park("P2", "整机产业园", district="D2", industries=("AA",), nodes=("A03",), planned_floor_area_wan_m2=2),
    Park("P3", "客车产业园", district="D3", industries=("BB",), nodes=("B02",)),
    Park("P4", "板片区", district="D1", industries=("AA",), nodes=("A01",), part_of="P1"),
    Park("P5", "总部自用园", district="D1", industries=("AA",), nodes=("A01",), accepts_projects=False),
    Park("P6", "未定园", district=None, industries=("AA",), nodes=("A02",)),
)


def small_pack(**changes: Any) -> ReferencePack:
    """The city; any field of the pack can be replaced."""
    fields: dict[str, Any] = {
        "version": "test",
        "industries": {c: Industry(c, n, "2") for c, n in (("AA", "电子"), ("BB", "汽车"), ("CC", "穿戴"))},
        "nodes": {node.code: node for node in NODES},
        "links": (
            ChainLink("A01", "A03", "supplies"),
            ChainLink("A02", "A03", "supplies"),
            ChainLink("B01", "B02", "supplies"),
            ChainLink("A01", "C01", "supplies"),
        ),
        "parks": {park.code: park for park in PARKS},
        "districts": {f"D{i}": District(f"D{i}", f"第{i}镇", "镇") for i in range(1, 5)},
        "classes": {
            "C": EconomicClass("C", "", 1, "制造业"),
            "398": EconomicClass("398", "C", 3, "电子元件"),
            "3982": EconomicClass("3982", "398", 4, "电子电路制造"),
            "J": EconomicClass("J", "", 1, "金融业"),
            "6621": EconomicClass("6621", "J", 4, "商业银行服务"),
        },
        "outside": (OutsideWord("银行", "存款"), OutsideWord("银行", "银行"), OutsideWord("金融业", "J", 1.2, "class")),
    }
    return ReferencePack(**{**fields, **changes})
