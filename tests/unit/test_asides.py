"""What in a statement is not the enterprise's own business."""

from __future__ import annotations

import pytest

from crm.domain.asides import apart, without_denied
from crm.domain.clauses import scope_clauses, statement_clauses


@pytest.mark.parametrize(
    ("said", "own", "aside"),
    [
        ("给电池厂做结构件", "结构件", "电池厂"),
        ("连接器用于汽车", "连接器", "汽车"),
        ("以前做服装", "", "服装"),
        ("采用激光焊接生产电池托盘", "电池托盘", "激光焊接"),
        ("车间有注塑机20台", "", "注塑机"),
        ("想找两千平厂房", "", "厂房"),
        ("冷库也要一间", "", "冷库"),
    ],
)
def test_an_aside_is_told_from_the_business(said: str, own: str, aside: str) -> None:
    rest, asides = apart(said)
    assert own in rest
    assert any(aside in one for one in asides)
    assert aside not in rest


@pytest.mark.parametrize("said", ["车用连接器", "专用设备制造", "服务机器人", "提供封装测试", "要做谐波减速器"])
def test_what_only_looks_like_an_aside_is_none(said: str) -> None:
    assert apart(said) == (said, [])


@pytest.mark.parametrize("said", ["不做芯片", "跟酿酒没关系", "已经停止光伏业务"])
def test_what_is_denied_is_not_read(said: str) -> None:
    assert without_denied(f"{said},生产线路板") == ",生产线路板"


def test_what_is_to_be_done_now_weighs_more_than_what_has_been() -> None:
    before, now = (clause.weight for clause in statement_clauses("主业是服装,这次来谈的项目是电池"))
    assert now > before


def test_what_anybody_registers_hardly_counts() -> None:
    own, side = scope_clauses("线路板制造;软件开发", frozenset({"软件开发"}))
    assert side.side
    assert side.weight < own.weight / 2


def test_side_lines_are_passed_over_beside_a_statement() -> None:
    assert [c.text for c in scope_clauses("线路板制造;软件开发", frozenset({"软件开发"}), alone=False)] == [
        "线路板制造"
    ]


def test_a_scanned_line_is_read_without_its_blanks() -> None:
    assert next(iter(statement_clauses("定 转 子 冲 片"))).text == "定转子冲片"
