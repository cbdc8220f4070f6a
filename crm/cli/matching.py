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
from crm.services.match_evaluation import evaluate
from crm.services.matching_cli import match_lines

CASES = "dev_companies.jsonl"


@click.command(help="为线索（jsonl，每行一条 data）推荐环节、园区与区镇；match evaluate 用 CRM_EVAL_DIR 的用例评测。")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True)
def match(file: str, as_json: bool) -> None:
    settings = Settings.from_env()
    pack = load_pack(settings.reference_dir)
    if file == "evaluate":
        _evaluate(settings, pack)
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


def _evaluate(settings: Settings, pack: ReferencePack) -> None:
    if settings.eval_dir is None:
        raise Invalid.of("CRM_EVAL_DIR", "请给出评测用例所在文件夹")
    with _opened(str(settings.eval_dir / CASES)) as lines:
        found = evaluate(lines, pack)
    for measure, share in found.shares.items():
        wrong = "、".join(found.wrong.get(measure, [])) or "无"
        click.echo(f"{measure:24} {share:6.1%}  未中：{wrong}")
    click.echo(f"{found.per_second:.0f} 条/秒")


def _opened(file: str) -> TextIO:
    if file == "-":
        return sys.stdin
    path = Path(file)
    if not path.is_file():
        raise Invalid.of("file", f"没有文件 {file}")
    return path.open(encoding="utf-8", errors="replace")


def _sentence(row: Mapping[str, Any]) -> str:
    if "error" in row:
        return f"{row['source_ref'] or '—'}  {row['error']['field']}：{row['error']['message']}"
    if not row["suitable"]:
        return f"{row['source_ref']}  不属本市产业链：{'；'.join(row['notes'])}"
    parks = "、".join(f"{park['name']}（{park['score']:.2f}）" for park in row["parks"][:3]) or "暂无合适园区"
    nodes = "、".join(node["code"] for node in row["nodes"][:3])
    return f"{row['source_ref']}  {nodes}  →  {parks}"
