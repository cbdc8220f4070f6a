"""`crm organisations`, `crm users`, `crm token`, `crm projects`: who may come in, and who may read what is confidential."""

from __future__ import annotations

import sys

import click

from crm.cli.opening import ADMINISTRATOR, opened, print_json
from crm.domain.actors import Role
from crm.services import accounts
from crm.services.confidential import confidential_projects, name_reader

ROLES = click.Choice([str(role) for role in Role])


@click.group(help="单位：数据包之外的报送单位、载体运营方、部门。")
def organisations() -> None:
    """Group."""


@organisations.command("create", help="新增单位。")
@click.option("--code", required=True)
@click.option("--name", required=True)
@click.option("--kind", required=True, type=click.Choice(["reporter", "carrier", "department"]))
def create_organisation(code: str, name: str, kind: str) -> None:
    with opened() as deployment:
        accounts.create_organisation(deployment.tools, ADMINISTRATOR, code=code, name=name, kind=kind)
        click.echo(f"已新增单位 {code} {name}")


@click.group(help="用户与身份。")
def users() -> None:
    """Group."""


@users.command("create", help="新建用户，或给已有用户增加一个身份；打印一次性密码。")
@click.option("--email", required=True)
@click.option("--organisation", required=True, help="单位代码")
@click.option("--role", required=True, type=ROLES)
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码")
def create_user(email: str, organisation: str, role: str, password_stdin: bool) -> None:
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with opened() as deployment:
        password = accounts.create_user(
            deployment.tools,
            ADMINISTRATOR,
            email=email.strip().lower(),
            organisation=organisation,
            role=Role(role),
            password=given,
        )
    if password is None:
        click.echo(f"已有用户 {email} 增加身份（{organisation}，{role}），密码不变")
        return
    click.echo(f"用户 {email} 已可登录（{organisation}，{role}）", err=not password_stdin)
    if not password_stdin:
        click.echo(password)


@click.group(help="接口令牌。")
def token() -> None:
    """Group."""


@token.command("issue", help="发放令牌；只显示这一次，在最后一行末尾。")
@click.option("--organisation", required=True, help="单位代码")
@click.option("--role", required=True, type=ROLES)
@click.option("--name", required=True)
def issue(organisation: str, role: str, name: str) -> None:
    with opened() as deployment:
        secret = accounts.issue_token(deployment.tools, organisation=organisation, role=Role(role), name=name)
        click.echo(f"令牌 {name}（{organisation}，{role}）：{secret}")


@token.command("list", help="列出令牌（不含内容）。")
@click.option("--json", "as_json", is_flag=True)
def list_tokens(as_json: bool) -> None:
    with opened() as deployment:
        for row in accounts.list_tokens(deployment.tools):
            if as_json:
                print_json(row)
            else:
                state = "已吊销" if row["revoked_at"] else "有效"
                click.echo(f"{row['id']}  {row['organisation']}  {row['role']}  {row['name']}  {state}")


@token.command("revoke", help="吊销令牌。")
@click.argument("token_id")
def revoke(token_id: str) -> None:
    with opened() as deployment:
        accounts.revoke_token(deployment.tools, token_id)
        click.echo("已吊销")


@click.group(help="涉密项目的知悉范围。")
def projects() -> None:
    """Group."""


@projects.command("share", help="把涉密项目告知一个用户或令牌（名单内的人才看得到）。")
@click.argument("project")
@click.option("--user", "email", help="用户邮箱")
@click.option("--token", "token_id", help="令牌编号")
def share(project: str, email: str | None, token_id: str | None) -> None:
    with opened() as deployment:
        code = name_reader(deployment.tools, ADMINISTRATOR, project, email=email, token_id=token_id)
        click.echo(f"已加入 {code} 的知悉名单")


@projects.command("confidential", help="列出涉密项目的代号。")
def list_confidential() -> None:
    with opened() as deployment:
        for row in confidential_projects(deployment.tools):
            print_json(row)
