"""What every SearchIndex must do, whichever engine answers (search/index.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.documents import SearchDocument
from search.index import (
    IndexedRevision,
    SearchIndex,
    SearchPage,
    SearchQuery,
    SearchQueryInvalid,
    SearchUnavailable,
    UpsertResult,
)
from tests.contract.search_adapters import LAB_PARAMETERS, LABS, Lab
from tests.contract.search_corpus import BUREAU, CHENGHU, CORPUS, MUHE, at, document, enterprise, tombstone


@pytest.fixture(params=LAB_PARAMETERS)
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    made = LABS[request.param](tmp_path / "index")
    yield made
    made.close()


@pytest.fixture
def index(lab: Lab) -> SearchIndex:
    return lab.open()


@pytest.fixture(scope="module", params=LAB_PARAMETERS)
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    """The corpus, indexed once; tests only read it."""
    made = LABS[request.param](tmp_path_factory.mktemp("library"))
    index = made.open()
    write(index, *CORPUS)
    yield index
    made.close()


def write(index: SearchIndex, *documents: SearchDocument, revision: int = 1) -> UpsertResult:
    result = index.upsert([at(revision, content) for content in documents])
    index.refresh()
    return result


def find(index: SearchIndex, text: str = "", **values: object) -> SearchPage:
    return index.search(SearchQuery(text=text, **{"access": BUREAU, **values}))  # type: ignore[arg-type]


def ids(page: SearchPage) -> list[str]:
    return [hit.id for hit in page.hits]


def follow(index: SearchIndex, query: SearchQuery) -> Iterator[SearchPage]:
    page = index.search(query)
    yield page
    while page.next:
        page = index.search(replace(query, cursor=page.next))
        yield page


class TestWriting:
    def test_a_document_is_found_after_refresh(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        assert ids(find(index)) == ["A"]

    def test_the_same_upsert_twice_leaves_one_document(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        assert write(index, enterprise("A")) == UpsertResult(written=1, stale=0)
        assert find(index).total == 1

    def test_a_newer_revision_replaces_the_document(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        write(index, enterprise("A", "苏州霜枝电子有限公司"), revision=2)
        assert [hit.name for hit in find(index).hits] == ["苏州霜枝电子有限公司"]

    def test_an_older_revision_is_refused(self, index: SearchIndex) -> None:
        write(index, enterprise("A"), revision=5)
        assert write(index, enterprise("A", "苏州霜枝电子有限公司"), revision=4) == UpsertResult(written=0, stale=1)
        assert [hit.name for hit in find(index).hits] == ["昆山霜叶电子有限公司"]

    def test_an_older_revision_is_refused_after_reopening(self, lab: Lab) -> None:
        write(lab.open(), enterprise("A"), revision=5)
        again = lab.open()
        assert write(again, enterprise("A", "苏州霜枝电子有限公司"), revision=4).stale == 1

    def test_the_newest_revision_inside_one_batch_wins(self, index: SearchIndex) -> None:
        late = enterprise("A", "苏州霜枝电子有限公司")
        index.upsert([at(2, late), at(1, enterprise("A")), at(2, late)])
        index.refresh()
        assert [hit.name for hit in find(index).hits] == ["苏州霜枝电子有限公司"]

    def test_a_tombstone_hides_the_document_everywhere(self, index: SearchIndex) -> None:
        write(index, enterprise("A", stage="signed"), enterprise("B"))
        index.upsert([tombstone(2, "enterprise", "A")])
        index.refresh()
        page = find(index, facets=("stage",))
        assert (ids(page), page.total, page.facets["stage"]) == (["B"], 1, ())
        assert [hit.id for hit in index.suggest("霜叶", BUREAU)] == ["B"]

    def test_a_late_upsert_does_not_bring_a_deleted_document_back(self, index: SearchIndex) -> None:
        index.upsert([tombstone(3, "enterprise", "A")])
        assert write(index, enterprise("A"), revision=2).stale == 1
        assert find(index).total == 0

    def test_a_deleted_document_stays_deleted_after_reopening(self, lab: Lab) -> None:
        write(lab.open(), enterprise("A"))
        lab.open().upsert([tombstone(3, "enterprise", "A")])
        again = lab.open()
        write(again, enterprise("A"), revision=2)
        assert find(again).total == 0

    def test_a_newer_upsert_revives_a_deleted_document(self, index: SearchIndex) -> None:
        index.upsert([tombstone(3, "enterprise", "A")])
        write(index, enterprise("A"), revision=4)
        assert ids(find(index)) == ["A"]

    def test_an_empty_batch_writes_nothing(self, index: SearchIndex) -> None:
        assert index.upsert([]) == UpsertResult(written=0, stale=0)

    def test_the_same_id_in_two_types_is_two_documents(self, index: SearchIndex) -> None:
        write(index, enterprise("1"), document("lead", "1", "昆山霜叶电子有限公司"))
        assert find(index).total == 2

    def test_documents_survive_reopening(self, lab: Lab) -> None:
        content = enterprise("A", nodes=("X1",), investment=5, uscc="91320583MA0000009Z")
        write(lab.open(), content)
        assert [hit.document for hit in find(lab.open()).hits] == [content]

    def test_revisions_list_documents_and_tombstones(self, index: SearchIndex) -> None:
        write(index, enterprise("A"), revision=7)
        index.upsert([tombstone(9, "lead", "B")])
        index.refresh()
        found = sorted(index.revisions(), key=lambda entry: entry.id)
        assert found == [IndexedRevision("enterprise", "A", 7, False), IndexedRevision("lead", "B", 9, True)]

    def test_an_index_that_answers_can_be_pinged(self, index: SearchIndex) -> None:
        index.ping()


class TestAccess:
    @pytest.fixture
    def shared(self, index: SearchIndex) -> SearchIndex:
        write(
            index,
            enterprise("OPEN", access=("public",), district="D1"),
            enterprise("MINE", access=("org:AG-T", "bureau"), district="D2"),
            enterprise("THEIRS", access=("org:AG-U", "bureau"), district="D2"),
        )
        return index

    def test_a_caller_sees_what_carries_one_of_its_tokens(self, shared: SearchIndex) -> None:
        assert sorted(ids(find(shared, access=("public", "org:AG-T")))) == ["MINE", "OPEN"]

    def test_a_caller_without_tokens_sees_nothing(self, shared: SearchIndex) -> None:
        page = find(shared, access=(), facets=("district",))
        assert (page.total, page.hits, page.facets["district"]) == (0, (), ())

    def test_facets_and_totals_count_only_what_is_visible(self, shared: SearchIndex) -> None:
        page = find(shared, access=("org:AG-T",), facets=("district",))
        assert page.total == 1
        assert [(value.value, value.count) for value in page.facets["district"]] == [("D2", 1)]

    def test_suggestions_obey_access(self, shared: SearchIndex) -> None:
        assert [hit.id for hit in shared.suggest("霜叶", ("org:AG-U",))] == ["THEIRS"]
        assert shared.suggest("霜叶", ()) == ()

    def test_an_exact_name_outside_the_scope_is_not_found(self, shared: SearchIndex) -> None:
        write(shared, enterprise("HIDDEN", CHENGHU, access=("bureau",)))
        assert find(shared, CHENGHU, access=("org:AG-T",)).total == 0

    def test_a_hidden_hit_does_not_keep_the_last_resort_from_a_visible_one(self, shared: SearchIndex) -> None:
        write(
            shared,
            enterprise("SECRET", "昆山浣溪纱电子有限公司", access=("user:1",)),
            enterprise("NEAR", "昆山浣溪沙电子有限公司", access=("org:AG-T",)),
        )
        assert ids(find(shared, "昆山浣溪纱电子有限公司", access=("org:AG-T",))) == ["NEAR"]

    def test_losing_a_token_hides_the_document(self, shared: SearchIndex) -> None:
        write(shared, enterprise("MINE", access=("bureau",)), revision=2)
        assert ids(find(shared, access=("org:AG-T",))) == []


RUNGS = [
    ("91320583MA0000001X", "E01", "信用代码"),
    ("91320583ma0000001x", "E01", "信用代码"),
    ("９１３２０５８３ＭＡ００００００３Ｔ", "E03", "信用代码"),
    ("91320583MA0000003", "E03", "信用代码"),
    ("TEST-2026-0042", "E06", "编号"),
    ("P901", "P901", "编号"),
    (CHENGHU, "E01", "名称"),
    ("昆山澄泖微光電子股份有限公司", "E01", "名称"),
    ("昆山澄泖微光电子股份有限公司（筹）", "E01", "名称"),
    ("霁川精密(昆山)有限公司", "E03", "名称"),
    ("霽川精密（蘇州）有限公司", "E04", "名称"),
    ("霁川精密昆山有限公司", "E03", "名称"),
    ("QVO晖禾新能源集团股份有限公司", "E09", "名称"),
    ("澄泖芯谷", "P901", "名称"),
    ("昆山玉沧照明有限公司", "E01", "曾用名"),
    ("枫桉药业", "E10", "曾用名"),
    ("澄微股份", "E01", "简称"),
    ("晖禾能源", "E09", "简称"),
    ("Chengmao Microlight Electronics Co., Ltd.", "E01", "英文名"),
    ("昆山澄泖微光电子", "E01", "名称"),
    ("昆山澄泖微光电子有限公司", "E01", "名称"),
    ("岚栎", "E07", "字号"),
    ("岚", "E07", "字号"),
    ("长岭乐", "E05", "字号"),
    ("枫桉半导体", "E11", "简称"),
    ("岚栎测控", "E07", "简称"),
    ("封装测试", "E11", "名称"),
    ("玉沧", "E01", "曾用名"),
    ("拟在花桥", "L1", "标题"),
    ("Microlight", "E01", "名称"),
    ("microl", "E01", "名称"),
    ("晖禾集团", "E09", "名称"),
    ("协作机器人", "E05", "主营"),
    ("小核酸", "E10", "主营"),
    ("汽车线束", "E01", "主营"),
    ("chengmao", "E01", "名称"),
    ("lanlicekong", "E07", "拼音"),
    ("lanlice", "E07", "拼音"),
    ("changlinglexing", "E05", "拼音"),
    ("changlingyuexing", "E05", "拼音"),
    ("chongqingchangling", "E05", "拼音"),
    ("zengdan", "E08", "拼音"),
    ("zengshan", "E08", "拼音"),
    ("lvyun", "E12", "拼音"),
    ("luyun", "E12", "拼音"),
    ("llck", "E07", "首字母"),
    ("cqcl", "E05", "首字母"),
    ("szllck", "E07", "首字母"),
    ("岚栎cekong", "E07", "拼音混合"),
    ("lanli测控", "E07", "拼音混合"),
    ("苏州llck", "E07", "首字母"),
    ("岚砾测控", "E07", "近似"),
    ("昆山澄泖微光电于股份有限公司", "E01", "近似"),
    ("沐槿连接其", "E06", "近似"),
    ("封桉半岛体", "E11", "同音"),
    ("西宁 减速器", "E05", "部分匹配"),
    ("晶圆级封装测试", "E11", "经营范围"),
]


class TestRelevance:
    @pytest.mark.parametrize(("text", "expected", "why"), RUNGS)
    def test_the_ladder_finds_the_company_and_says_why(
        self, library: SearchIndex, text: str, expected: str, why: str
    ) -> None:
        first = find(library, text).hits[0]
        assert (first.id, first.why) == (expected, why)

    def test_the_full_name_stands_above_names_that_contain_it(self, index: SearchIndex) -> None:
        write(index, enterprise("LONG", "霜叶电子昆山销售有限公司"), enterprise("SHORT", "霜叶电子"))
        assert ids(find(index, "霜叶电子")) == ["SHORT", "LONG"]

    def test_a_brand_stands_above_a_product_word_of_the_same_letters(self, index: SearchIndex) -> None:
        write(index, enterprise("BODY", "苏州桐遥贸易有限公司", body="经销霜叶漆"), enterprise("BRAND"))
        assert ids(find(index, "霜叶")) == ["BRAND", "BODY"]

    def test_the_rungs_stand_in_the_order_of_the_ladder(self, index: SearchIndex) -> None:
        write(
            index,
            enterprise("7-body", "常州甲同贸易有限公司", body="霜叶"),
            enterprise("6-phrase", "上海大霜叶之家贸易有限公司"),
            enterprise("5-prefix", "昆山霜叶红电子有限公司"),
            enterprise("4-brand", "昆山霜叶电子有限公司"),
            enterprise("3-short", "常州乙同贸易有限公司", short_names=("霜叶",)),
            enterprise("2-former", "常州丙同贸易有限公司", former_names=("霜叶",)),
            enterprise("1-full", "霜叶"),
            enterprise("霜叶", "常州丁同贸易有限公司", uscc="霜叶"),
        )
        found = ids(find(index, "霜叶"))
        assert found == ["霜叶", "1-full", "2-former", "3-short", "4-brand", "5-prefix", "6-phrase", "7-body"]

    def test_scores_fall_with_the_rungs_and_lie_between_zero_and_one(self, library: SearchIndex) -> None:
        scores = [hit.score for hit in find(library, "澄泖").hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)

    def test_the_region_in_brackets_tells_two_companies_apart(self, library: SearchIndex) -> None:
        assert ids(find(library, "霁川精密（苏州）有限公司"))[0] == "E04"

    def test_an_enterprise_stands_before_its_leads_and_projects_on_one_rung(self, library: SearchIndex) -> None:
        assert ids(find(library, MUHE))[:3] == ["E06", "L1", "PR1"]

    @pytest.mark.parametrize("text", ["昆山 枫桉", "枫桉 昆山", "昆山枫桉"])
    def test_several_words_must_all_fit(self, library: SearchIndex, text: str) -> None:
        assert ids(find(library, text))[0] == "E11"
        assert "E10" not in ids(find(library, text))

    @pytest.mark.parametrize("text", ["苏州 连接器", "连接器 苏州", "苏州连接器"])
    def test_a_place_and_a_product_find_the_company_there(self, library: SearchIndex, text: str) -> None:
        assert ids(find(library, text)) == ["E07"]

    def test_a_name_with_the_product_stands_above_a_scope_with_it(self, library: SearchIndex) -> None:
        found = ids(find(library, "连接器"))
        assert found.index("E06") < found.index("E07")

    def test_characters_of_a_phrase_must_stand_in_order(self, library: SearchIndex) -> None:
        assert find(library, "装封").total == 0

    def test_han_queries_are_not_answered_by_sound_while_letters_match(self, library: SearchIndex) -> None:
        assert {hit.why for hit in find(library, "枫桉").hits}.isdisjoint({"同音", "拼音", "首字母"})

    def test_blanks_and_marks_that_do_not_print_change_nothing(self, library: SearchIndex) -> None:
        assert ids(find(library, "  岚\u200b 栎\u202e🙂 "))[0] == "E07"

    @pytest.mark.parametrize("text", ["！！！", "🙂", "()", "\x00", "没有这样的词语组合"])
    def test_what_means_nothing_finds_nothing(self, library: SearchIndex, text: str) -> None:
        page = find(library, text)
        assert (page.total, page.hits, page.next) == (0, (), None)

    def test_characters_of_query_languages_are_plain_text(self, library: SearchIndex) -> None:
        for text in ('name:"x" AND (y', "a*b?", "岚栎~2^3", "\\", "[* TO *]", "-岚栎", ".*"):
            find(library, text)

    def test_a_query_of_ten_thousand_characters_is_answered(self, library: SearchIndex) -> None:
        assert find(library, "长" * 10_000).total == 0

    def test_an_empty_text_lists_everything_visible(self, library: SearchIndex) -> None:
        assert find(library, "  ").total == len(CORPUS)

    def test_suggestions_are_by_name_only(self, library: SearchIndex) -> None:
        assert [hit.id for hit in library.suggest("岚", BUREAU)] == ["E07"]
        assert [hit.id for hit in library.suggest("lanl", BUREAU)] == ["E07"]
        assert library.suggest("协作机器人", BUREAU) == ()
        assert library.suggest("", BUREAU) == ()

    def test_suggestions_are_no_more_than_asked_for(self, library: SearchIndex) -> None:
        assert len(library.suggest("常州", BUREAU, size=3)) == 3


class TestFiltersAndFacets:
    @pytest.fixture
    def rows(self, index: SearchIndex) -> SearchIndex:
        write(
            index,
            enterprise("A", nodes=("N1", "N 2"), stage="signed", sources=("AG-T",)),
            enterprise("B", nodes=("N1",), stage="landed"),
            document("project", "C", "昆山霜叶扩建", nodes=("N3",), stage="signed"),
        )
        return index

    def test_values_of_one_field_are_alternatives(self, rows: SearchIndex) -> None:
        assert sorted(ids(find(rows, filters={"nodes": ("N 2", "N3")}))) == ["A", "C"]

    def test_fields_narrow_each_other(self, rows: SearchIndex) -> None:
        assert ids(find(rows, filters={"nodes": ("N1",), "stage": ("signed",)})) == ["A"]

    def test_types_narrow_the_hits(self, rows: SearchIndex) -> None:
        assert ids(find(rows, types=("project",))) == ["C"]

    def test_filters_apply_to_a_text_too(self, rows: SearchIndex) -> None:
        assert sorted(ids(find(rows, "霜叶", filters={"stage": ("signed",)}))) == ["A", "C"]

    def test_facets_count_inside_text_and_filters_most_first(self, rows: SearchIndex) -> None:
        page = find(rows, "霜叶电子", filters={"nodes": ("N1",)}, facets=("nodes", "stage", "type"))
        counted = {field: [(value.value, value.count) for value in values] for field, values in page.facets.items()}
        assert counted == {
            "nodes": [("N1", 2), ("N 2", 1)],
            "stage": [("landed", 1), ("signed", 1)],
            "type": [("enterprise", 2)],
        }

    def test_an_unknown_filter_is_named(self, rows: SearchIndex) -> None:
        with pytest.raises(SearchQueryInvalid, match="colour"):
            find(rows, filters={"colour": ("red",)})

    def test_an_unknown_facet_is_named(self, rows: SearchIndex) -> None:
        with pytest.raises(SearchQueryInvalid, match="colour"):
            find(rows, facets=("colour",))

    def test_an_unknown_sort_is_named(self, rows: SearchIndex) -> None:
        with pytest.raises(SearchQueryInvalid, match="sort"):
            find(rows, sort="colour")


class TestSortingAndPaging:
    @pytest.fixture
    def rows(self, index: SearchIndex) -> SearchIndex:
        write(
            index,
            enterprise("A", "苏州柏舟电子有限公司", investment=300, updated_at="2026-01-03T00:00:00+00:00"),
            enterprise("B", "昆山采薇电子有限公司", investment=100, updated_at="2026-01-01T00:00:00Z"),
            enterprise("C", "安庆鹿鸣电子有限公司", updated_at=""),
            enterprise("D", "重庆子衿电子有限公司", investment=200, updated_at="2026-01-02T08:00:00+08:00"),
        )
        return index

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("investment", ["B", "D", "A", "C"]),
            ("-investment", ["A", "D", "B", "C"]),
            ("updated_at", ["B", "D", "A", "C"]),
            ("-updated_at", ["A", "D", "B", "C"]),
            ("name", ["C", "D", "B", "A"]),
            ("-name", ["A", "B", "D", "C"]),
        ],
    )
    def test_sorting_puts_missing_values_last(self, rows: SearchIndex, sort: str, expected: list[str]) -> None:
        assert ids(find(rows, sort=sort)) == expected

    def test_sorted_hits_still_say_why(self, rows: SearchIndex) -> None:
        page = find(rows, "采薇", sort="-updated_at")
        assert [(hit.id, hit.why) for hit in page.hits] == [("B", "字号")]

    @pytest.mark.parametrize("sort", ["relevance", "-updated_at", "investment", "name"])
    @pytest.mark.parametrize("text", ["", "霜叶", "shuangye"])
    def test_paging_shows_every_document_once(self, index: SearchIndex, sort: str, text: str) -> None:
        some = [
            enterprise(
                f"T{i}", f"昆山霜叶{'甲乙丙丁'[i % 4]}电子有限公司", investment=i % 3 or None, body="霜叶" * (i % 2)
            )
            for i in range(23)
        ]
        others = [
            enterprise(f"O{i}", f"常州同贸{i}有限公司", body="代理霜叶" if text == "霜叶" else "") for i in range(9)
        ]
        write(index, *some, *others)
        query = SearchQuery(text=text, access=BUREAU, sort=sort, size=4)
        pages = list(follow(index, query))
        seen = [hit.id for page in pages for hit in page.hits]
        assert len(seen) == len(set(seen)) == pages[0].total
        assert seen == ids(index.search(replace(query, size=100)))

    def test_a_page_neither_repeats_nor_skips_when_others_are_written_meanwhile(self, index: SearchIndex) -> None:
        write(index, *(enterprise(f"T{i}", "昆山霜叶电子有限公司") for i in range(10)))
        query = SearchQuery(text="霜叶", access=BUREAU, size=3)
        first = index.search(query)
        write(index, enterprise("NEW", "霜叶"), *(enterprise(f"Z{i}", "昆山霜叶电子有限公司") for i in range(5)))
        index.upsert([tombstone(9, "enterprise", first.hits[0].id)])
        index.refresh()
        rest = [hit.id for page in follow(index, replace(query, cursor=first.next)) for hit in page.hits]
        old = {f"T{i}" for i in range(10)} - set(ids(first))
        assert old <= set(rest)
        assert set(rest).isdisjoint(ids(first))
        assert len(rest) == len(set(rest))

    def test_paging_the_last_resort_goes_on_in_the_last_resort(self, index: SearchIndex) -> None:
        write(index, *(enterprise(f"T{i}", "昆山浣溪沙电子有限公司") for i in range(7)))
        pages = list(follow(index, SearchQuery(text="浣溪纱电子", access=BUREAU, size=3)))
        assert [len(page.hits) for page in pages] == [3, 3, 1]
        assert {hit.why for page in pages for hit in page.hits} == {"近似"}

    def test_the_last_page_has_no_next(self, rows: SearchIndex) -> None:
        assert find(rows, size=4).next is None

    def test_a_cursor_of_another_query_is_refused(self, rows: SearchIndex) -> None:
        cursor = find(rows, size=2).next
        with pytest.raises(SearchQueryInvalid, match="cursor"):
            find(rows, "采薇", size=2, cursor=cursor)

    @pytest.mark.parametrize("cursor", ["", "x", "W10", "bm9wZQ", "中文", "W1sxXSwxLDIsM10"])
    def test_a_broken_cursor_is_refused(self, rows: SearchIndex, cursor: str) -> None:
        with pytest.raises(SearchQueryInvalid, match="cursor"):
            find(rows, cursor=cursor)

    @pytest.mark.parametrize("size", [-1, 1001])
    def test_a_page_of_impossible_size_is_refused(self, rows: SearchIndex, size: int) -> None:
        with pytest.raises(SearchQueryInvalid, match="page_size"):
            find(rows, size=size)

    def test_a_page_of_size_zero_counts_only(self, rows: SearchIndex) -> None:
        page = find(rows, size=0, facets=("type",))
        assert (page.total, page.hits, page.next) == (4, (), None)


class TestHighlight:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("岚栎", "苏州<mark>岚栎</mark>测控技术有限公司"),
            ("嵐櫟測控", "苏州<mark>岚栎测控</mark>技术有限公司"),
            ("霁川精密昆山", "<mark>霁川精密（昆山</mark>）有限公司"),
            ("lanlicekong", "苏州<mark>岚栎测控</mark>技术有限公司"),
            ("llck", "苏州<mark>岚栎测控</mark>技术有限公司"),
            ("玉沧", "昆山<mark>玉沧</mark>照明有限公司"),
            ("协作机器人", "<mark>协作机器人</mark>与减速器。"),
            ("封桉半岛体", "昆山<mark>枫桉半导体</mark>封装测试有限公司"),
            ("岚栎cekong", "苏州<mark>岚栎测控</mark>技术有限公司"),
            ("西宁 减速器", "协作机器人与<mark>减速器</mark>。"),
        ],
    )
    def test_the_hit_is_marked_in_the_stored_text(self, library: SearchIndex, text: str, expected: str) -> None:
        assert find(library, text).hits[0].highlight == expected

    def test_markup_in_stored_text_is_escaped(self, index: SearchIndex) -> None:
        write(index, enterprise("A", "<script>alert('霜叶')</script>&有限公司", body="<b onclick=x>霜叶</b>"))
        for text in ("霜叶", "script", "alert", "shuangye"):
            marked = find(index, text).hits[0].highlight or ""
            assert not re.search(r"[<>]", marked.replace("<mark>", "").replace("</mark>", ""))
            assert "&lt;script&gt;" in marked.replace("<mark>", "").replace("</mark>", "")

    def test_markup_in_the_query_is_never_echoed(self, library: SearchIndex) -> None:
        page = find(library, "岚栎<img src=x>")
        assert all("<img" not in (hit.highlight or "") for hit in page.hits)

    def test_a_long_text_is_cut_around_the_hit(self, index: SearchIndex) -> None:
        write(index, enterprise("A", body="甲" * 500 + "霜叶漆" + "乙" * 500))
        marked = find(index, "霜叶漆").hits[0].highlight or ""
        assert "<mark>霜叶漆</mark>" in marked
        assert len(marked) < 120

    def test_no_highlight_is_made_when_none_is_wanted(self, library: SearchIndex) -> None:
        assert find(library, "岚栎", highlight=False).hits[0].highlight is None
        assert find(library, "").hits[0].highlight is None


class TestRebuild:
    def test_the_old_index_answers_until_the_swap(self, index: SearchIndex) -> None:
        write(index, enterprise("OLD"))
        rebuild = index.begin_rebuild()
        rebuild.put([at(1, enterprise("NEW"))])
        assert ids(find(index)) == ["OLD"]
        rebuild.finish()
        assert ids(find(index)) == ["NEW"]

    def test_what_is_written_meanwhile_is_in_both(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        rebuild = index.begin_rebuild()
        write(index, enterprise("B"))
        assert sorted(ids(find(index))) == ["A", "B"]
        rebuild.put([at(1, enterprise("A"))])
        rebuild.finish()
        assert sorted(ids(find(index))) == ["A", "B"]

    def test_an_older_row_of_the_rebuild_does_not_replace_what_was_written_meanwhile(self, index: SearchIndex) -> None:
        rebuild = index.begin_rebuild()
        write(index, enterprise("A", "苏州霜枝电子有限公司"), revision=2)
        rebuild.put([at(1, enterprise("A"))])
        rebuild.finish()
        assert [hit.name for hit in find(index).hits] == ["苏州霜枝电子有限公司"]

    def test_a_row_deleted_meanwhile_stays_deleted(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        rebuild = index.begin_rebuild()
        rebuild.put([at(1, enterprise("A"))])
        index.upsert([tombstone(2, "enterprise", "A")])
        rebuild.finish()
        assert find(index).total == 0

    def test_a_row_deleted_before_stays_deleted_after_the_swap(self, lab: Lab) -> None:
        index = lab.open()
        index.upsert([tombstone(5, "enterprise", "A")])
        rebuild = index.begin_rebuild()
        rebuild.finish()
        assert write(index, enterprise("A"), revision=4).stale == 1
        assert find(lab.open()).total == 0

    def test_an_abandoned_rebuild_leaves_the_old_index(self, index: SearchIndex) -> None:
        write(index, enterprise("A"))
        rebuild = index.begin_rebuild()
        rebuild.put([at(1, enterprise("B"))])
        rebuild.abandon()
        write(index, enterprise("C"))
        assert sorted(ids(find(index))) == ["A", "C"]

    def test_one_rebuild_runs_at_a_time_and_another_can_follow(self, index: SearchIndex) -> None:
        rebuild = index.begin_rebuild()
        with pytest.raises(SearchUnavailable):
            index.begin_rebuild()
        rebuild.abandon()
        index.begin_rebuild().finish()

    def test_a_finished_rebuild_takes_nothing_more(self, index: SearchIndex) -> None:
        rebuild = index.begin_rebuild()
        rebuild.finish()
        with pytest.raises(SearchUnavailable):
            rebuild.put([at(1, enterprise("A"))])

    def test_the_rebuilt_index_survives_reopening(self, lab: Lab) -> None:
        index = lab.open()
        rebuild = index.begin_rebuild()
        rebuild.put([at(1, enterprise("A"))])
        rebuild.finish()
        assert ids(find(lab.open())) == ["A"]

    def test_a_rebuild_cut_off_by_closing_leaves_the_old_index(self, lab: Lab) -> None:
        index = lab.open()
        write(index, enterprise("A"))
        index.begin_rebuild().put([at(1, enterprise("B"))])
        assert ids(find(lab.open())) == ["A"]
