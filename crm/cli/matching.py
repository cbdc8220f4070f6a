"""`crm match FILE` and `crm match evaluate`: proposals for lead payloads, without database, bus or index."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from crm.cli.opening import print_json
from crm.config import Settings
from crm.domain.errors import Invalid
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack
from crm.services.evaluation_cases import read_cases
from crm.services.match_evaluation import compare
from crm.services.match_report import as_row, table
from crm.services.matching_cli import match_lines


@click.command(
    help="为线索（jsonl，每行一条 data）推荐环节、园区与区镇；match evaluate 用评测用例测量，见 docs/matching.md。"
)
@click.argument("file")
@click.option("--json", "as_json", is_flag=True)
@click.option("--wrong", is_flag=True, help="evaluate：列出未中的用例编号（留出的用例不列）。")
@click.option("--part", type=click.Choice(["development", "held_out"]), help="evaluate：只测其中一部分。")
def match(file: str, as_json: bool, wrong: bool, part: str | None) -> None:
    settings = Settings.from_env()
    pack = load_pack(settings.reference_dir)
    if file == "evaluate":
        _evaluate(settings, pack, part, as_json=as_json, wrong=wrong)
        return
    failed = False
    with _opened(file) as lines:
        for row in match_lines(lines, pack):
            failed = failed or "error" in row
            if as_json:
                print_json(row)
            else:
                click.echo(_sentence(row))
    sys.exit(1 if failed else 0)


def _evaluate(settings: Settings, pack: ReferencePack, part: str | None, *, as_json: bool, wrong: bool) -> None:
    """The pack's own cases, and those of CRM_EVAL_DIR."""
    if settings.eval_dir is not None and not settings.eval_dir.is_dir():
        raise Invalid.of("CRM_EVAL_DIR", f"没有文件夹 {settings.eval_dir}")
    cases = read_cases(settings.reference_dir if settings.eval_dir is None else settings.eval_dir)
    cases = [case for case in cases if part in (None, case.part)]
    if not cases:
        raise Invalid.of("CRM_EVAL_DIR", "没有评测用例（*.jsonl 中带 negative 的行）")
    for comparison in compare(cases, pack):
        if as_json:
            print_json(as_row(comparison))
        else:
            click.echo("\n".join(table(comparison, wrong=wrong)))


def _opened(file: str) -> TextIO:
    if file == "-":
        return sys.stdin
    path = Path(file)
    if not path.is_file():
        raise Invalid.of("file", f"没有文件 {file}")
    return path.open(encoding="utf-8-sig", errors="replace")


def _sentence(row: Mapping[str, Any]) -> str:
    if "error" in row:
        return f"{row['source_ref'] or '—'}  {row['error']['field']}：{row['error']['message']}"
    if not row["suitable"]:
        return f"{row['source_ref']}  不属本市产业链：{'；'.join(row['notes'])}"
    parks = "、".join(f"{park['name']}（{park['score']:.2f}）" for park in row["parks"][:3]) or "暂无合适园区"
    nodes = "、".join(node["code"] for node in row["nodes"][:3])
    return f"{row['source_ref']}  {nodes}  →  {parks}"
