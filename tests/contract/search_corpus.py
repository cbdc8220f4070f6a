"""Invented documents for the contract of SearchIndex: no company of these names is known to us."""

from __future__ import annotations

from typing import Any

from schemas.documents import SearchDocument
from search.index import VersionedDocument

BUREAU = ("bureau",)


def document(kind: str, number: str, name: str, **values: Any) -> SearchDocument:
    defaults: dict[str, Any] = {
        "access": BUREAU,
        "full_names": (name,),
        "updated_at": "2026-03-01T08:00:00+00:00",
    }
    return SearchDocument(type=kind, id=number, name=name, **{**defaults, **values})


def at(revision: int, content: SearchDocument) -> VersionedDocument:
    return VersionedDocument(content.type, content.id, revision, content)


def tombstone(revision: int, kind: str, number: str) -> VersionedDocument:
    return VersionedDocument(kind, number, revision, None)


def enterprise(number: str, name: str = "昆山霜叶电子有限公司", **values: Any) -> SearchDocument:
    return document("enterprise", number, name, **values)


CHENGHU = "昆山澄泖微光电子股份有限公司"
MUHE = "上海沐槿连接器有限公司"

CORPUS: tuple[SearchDocument, ...] = (
    enterprise(
        "E01",
        CHENGHU,
        uscc="91320583MA0000001X",
        short_names=("澄微股份",),
        former_names=("昆山玉沧照明有限公司",),
        english_names=("Chengmao Microlight Electronics Co., Ltd.",),
        body="车载显示模组的研发与制造。一般项目：货物进出口；汽车线束销售。",
        province="江苏",
        city="苏州市",
    ),
    enterprise("E02", "苏州澄泖置业有限公司", body="商业地产开发。", province="江苏", city="苏州市"),
    enterprise("E03", "霁川精密（昆山）有限公司", uscc="91320583MA0000003T", body="注塑模具。"),
    enterprise("E04", "霁川精密（苏州）有限公司", body="注塑模具。", city="苏州市"),
    enterprise("E05", "重庆长岭乐行机器人有限公司", body="协作机器人与减速器。", province="重庆"),
    enterprise("E06", MUHE, body="工业连接器、端子。", province="上海", source_refs=("TEST-2026-0042",)),
    enterprise("E07", "苏州岚栎测控技术有限公司", body="测试治具；连接器检测设备。", province="江苏", city="苏州市"),
    enterprise("E08", "无锡曾单仪器有限公司", body="光谱仪。", city="无锡市"),
    enterprise("E09", "ＱＶＯ晖禾新能源（集团）股份有限公司", short_names=("晖禾能源",), body="储能电池。"),
    enterprise("E10", "江苏枫桉生物医药有限公司", former_names=("枫桉药业",), body="小核酸药物。"),
    enterprise("E11", "昆山枫桉半导体封装测试有限公司", body="晶圆级封装、芯片封装测试服务。"),
    enterprise("E12", "绿筠环境科技有限公司", body="水处理设备。"),
    document("park", "P901", "澄泖半导体产业园", full_names=("澄泖半导体产业园", "澄泖芯谷"), city="苏州市"),
    document(
        "project", "PR1", "高端端子智能工厂", title="高端端子智能工厂", full_names=(MUHE,), uscc="91310000MA000006XX"
    ),
    document("lead", "L1", MUHE, source_refs=("TEST-2026-0042",), title="沐槿拟在花桥设厂"),
    *(enterprise(f"N{place:02d}", f"常州{mark}同贸易有限公司") for place, mark in enumerate("甲乙丙丁戊己庚辛")),
)
"""Documents of every type, and neighbours that a careless engine would bring up."""
