"""The reference pack loader: what it reads, and how it names the faults of a stranger's pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import crm.reference
from crm.domain.errors import Invalid
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack

KUNSHAN = Path(crm.reference.__file__).parent / "kunshan"


@pytest.fixture(scope="module")
def kunshan() -> ReferencePack:
    return load_pack(KUNSHAN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the Kunshan pack that a test may break."""
    target = tmp_path / "pack"
    target.mkdir()
    for file in KUNSHAN.glob("*.csv"):
        shutil.copyfile(file, target / file.name)
    return target


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(Invalid) as caught:
        load_pack(folder)
    return [f"{error.field} {error.message}" for error in caught.value.errors]


def test_a_parks_district_name_becomes_the_districts_code(kunshan: ReferencePack) -> None:
    assert kunshan.parks["P007"].district == "KHTD"


def test_a_park_whose_district_nobody_checked_has_none(kunshan: ReferencePack) -> None:
    assert kunshan.parks["P001"].district is None


def test_an_area_that_is_not_known_is_none_and_not_zero(kunshan: ReferencePack) -> None:
    assert (kunshan.parks["P003"].planned_area_mu, kunshan.parks["P008"].planned_area_mu) == (1050, None)


def test_only_agencies_that_report_become_reporters(kunshan: ReferencePack) -> None:
    organisations = kunshan.organisations
    assert organisations["AG-SH"].kind == "reporter"
    assert "AG-OTH" not in organisations


def test_every_park_has_an_operator(kunshan: ReferencePack) -> None:
    assert all(kunshan.organisations[f"OP-{code}"].kind == "carrier" for code in kunshan.parks)


def test_the_bureau_the_districts_and_the_departments_are_organisations(kunshan: ReferencePack) -> None:
    organisations = kunshan.organisations
    kinds = {code: organisations[code].kind for code in ("BUREAU", "OFFICE", "DEPT-YJJ", "KETD")}
    assert kinds == {"BUREAU": "bureau", "OFFICE": "office", "DEPT-YJJ": "department", "KETD": "district"}


def test_the_same_content_elsewhere_is_the_same_version(folder: Path, kunshan: ReferencePack) -> None:
    assert load_pack(folder).version == kunshan.version


def test_a_changed_cell_changes_the_version(folder: Path, kunshan: ReferencePack) -> None:
    replace(folder / "parks.csv", ",1050,", ",1051,")
    assert load_pack(folder).version != kunshan.version


def test_a_pack_without_optional_files_loads(folder: Path) -> None:
    (folder / "admin_divisions.csv").unlink()
    assert load_pack(folder).divisions == {}


def test_general_words_are_left_out_where_a_code_means_something_else(folder: Path) -> None:
    replace(folder / "chains.csv", "IT07,IT,印制电路板,", "IT07,IT,别的环节,")
    assert not any(word.node == "IT07" for word in load_pack(folder).words)


def test_a_pack_may_bring_words_of_its_own(folder: Path) -> None:
    (folder / "chain_words.csv").write_text("node_code,node_name,words,weight\nIT07,,土话板,1\n", encoding="utf-8")
    assert any(word.word == "土话板" for word in load_pack(folder).words)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "parks.csv").unlink()
    assert any("parks.csv" in fault for fault in faults(folder))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere" in faults(tmp_path / "nowhere")[0]


def test_a_missing_column_is_named(folder: Path) -> None:
    replace(folder / "districts.csv", "name_zh", "title")
    assert faults(folder)[0].startswith("districts.csv:1:name_zh")


def test_a_number_that_is_none_is_named_with_line_and_column(folder: Path) -> None:
    replace(folder / "parks.csv", ",1050,", ",约千亩,")
    assert faults(folder) == [
        "parks.csv:4:planned_area_mu 文件 parks.csv 第 4 行 planned_area_mu 列：应为不小于 0 的数，得到“约千亩”"
    ]


def test_an_unknown_district_of_a_park_is_named(folder: Path) -> None:
    replace(folder / "parks.csv", "陆家镇", "某某镇")
    assert faults(folder)[0].startswith("parks.csv:6:district ")


def test_an_unknown_node_of_a_link_is_named(folder: Path) -> None:
    replace(folder / "chain_links.csv", "IT01,IT04", "ZZ99,IT04")
    assert faults(folder)[0].startswith("chain_links.csv:2:from_node ")


def test_a_code_given_twice_is_named(folder: Path) -> None:
    replace(folder / "districts.csv", "\nJX,", "\nQD,")
    assert any(fault.startswith("districts.csv:13:code ") for fault in faults(folder))


def test_a_line_of_too_many_cells_is_named(folder: Path) -> None:
    replace(folder / "departments.csv", "市科技局,department,", "市科技局,department,,,")
    assert any(fault.startswith("departments.csv:6:") for fault in faults(folder))


def test_a_file_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "parks.csv").write_bytes("园区".encode("gb18030"))
    assert any("parks.csv 不是 UTF-8" in fault for fault in faults(folder))


def test_a_byte_order_mark_is_no_fault(folder: Path) -> None:
    text = (folder / "districts.csv").read_text(encoding="utf-8")
    (folder / "districts.csv").write_text(text, encoding="utf-8-sig")
    assert "KETD" in load_pack(folder).districts


def test_faults_of_several_lines_come_at_once(folder: Path) -> None:
    replace(folder / "parks.csv", ",1050,", ",x,")
    replace(folder / "parks.csv", ",941,", ",y,")
    assert len(faults(folder)) == 2


def test_a_park_inside_itself_is_a_fault(folder: Path) -> None:
    replace(folder / "parks.csv", "yes,P007", "yes,P006")
    assert any("不能含于自己" in fault for fault in faults(folder))


def test_files_that_are_not_part_of_a_pack_are_ignored(folder: Path, kunshan: ReferencePack) -> None:
    shutil.copy(folder / "parks.csv", folder / "notes.csv")
    assert load_pack(folder).version == kunshan.version


def test_the_general_words_speak_for_every_node_of_kunshan(kunshan: ReferencePack) -> None:
    assert {word.node for word in kunshan.words} == set(kunshan.nodes)
