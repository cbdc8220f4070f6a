"""What people paste becomes form fields, and no word of it is lost."""

from __future__ import annotations

import pytest

from crm.services.pasted_text import plain_amount, read_pasted

DISTRICTS = {"某市高新区": "GX", "某市开发区": "KF", "东湖镇": "DH"}
MESSAGE = """名称：星澜微传感（示例）有限公司
主营：车规级压力传感器
投资：3亿
面积：约5000平左右
用地：30亩
联系人：张三 总经理 13900000000
邮箱：zhang@example.invalid
区镇：高新区"""


def test_a_labelled_message_fills_the_form() -> None:
    found = read_pasted(MESSAGE, DISTRICTS)
    assert found.unread == []
    assert found.fields == {
        "enterprise.name": "星澜微传感（示例）有限公司",
        "enterprise.main_business": "车规级压力传感器",
        "project.investment": "30000",
        "project.floor_area": "5000",
        "project.land": "30",
        "contacts.0.name": "张三",
        "contacts.0.title": "总经理",
        "contacts.0.phone": "13900000000",
        "contacts.0.email": "zhang@example.invalid",
        "project.preferred_districts": "GX",
    }


def test_several_labels_may_stand_in_one_line() -> None:
    found = read_pasted("投资：8000万，面积：3000平；用地:12亩")
    assert found.fields == {"project.investment": "8000", "project.floor_area": "3000", "project.land": "12"}
    assert found.unread == []


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("面积：30亩", "project.land", "30"),
        ("用地：2万㎡", "project.floor_area", "20000"),
        ("总投资：1.5亿元", "project.investment", "15000"),
        ("信用代码：9111 0000 6000 3713 4l", "enterprise.uscc", "91110000600037134L"),
        ("最近洽谈：2026年5月3日", "last_contact.date", "2026-05-03"),
        ("电话: 13900000000", "contacts.0.phone", "13900000000"),
    ],
)
def test_a_value_goes_where_it_belongs(line: str, name: str, value: str) -> None:
    assert read_pasted(line).fields == {name: value}


def test_a_company_and_a_card_need_no_labels() -> None:
    found = read_pasted("星澜微传感（示例）有限公司\n139-0000-0000\n李四 销售总监\nli@example.invalid")
    assert found.fields == {
        "enterprise.name": "星澜微传感（示例）有限公司",
        "contacts.0.phone": "13900000000",
        "contacts.0.name": "李四",
        "contacts.0.title": "销售总监",
        "contacts.0.email": "li@example.invalid",
    }
    assert found.unread == []


def test_a_sentence_gives_its_figures_and_stays() -> None:
    sentence = "想看标准厂房 3000 平，投资8000万左右，三季度进场"
    found = read_pasted(sentence)
    assert found.fields == {"project.investment": "8000", "project.floor_area": "3000"}
    assert found.unread == [sentence]


def test_two_areas_in_a_sentence_are_not_guessed_at() -> None:
    assert read_pasted("一期 3000 平，二期 5000 平").fields == {}


@pytest.mark.parametrize(
    "line",
    [
        "投资：看情况",
        "区镇：区",
        "区镇：火星",
        "最近洽谈：上周",
        "法定代表人：王五",
        "备注了一下 老板人不错",
        "名称：甲公司",
    ],
)
def test_what_is_not_understood_is_handed_back(line: str) -> None:
    assert line in read_pasted(f"名称：乙公司\n{line}", DISTRICTS).unread


def test_the_same_said_twice_is_said_once() -> None:
    assert read_pasted("投资：3亿\n投资：30000万").unread == []


@pytest.mark.parametrize(
    ("name", "typed", "plain"),
    [
        ("project.floor_area", "5000平", "5000"),
        ("project.investment", "3亿", "30000"),
        ("project.land", "30", "30"),
        ("project.land", "三十亩", "三十亩"),
        ("enterprise.name", "3亿", "3亿"),
    ],
)
def test_a_typed_amount_is_brought_to_the_unit_of_its_field(name: str, typed: str, plain: str) -> None:
    assert plain_amount(name, typed) == plain
