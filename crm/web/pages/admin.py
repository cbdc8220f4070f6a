"""The administrator: what is stuck, whom it hurts, and a button to mend it; tokens."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from crm.domain.errors import CrmError, Invalid
from crm.domain.permissions import Verb, require
from crm.services import accounts, dead_letters
from crm.web.auth import current_actor, deployment
from crm.web.freshness import INTAKE_GROUP, group_waiting, index_lag_seconds, intake_topics, outbox_waiting
from crm.web.pages.forms import done, faults, sentence, text
from crm.web.pages.frame import pages_blueprint, show, tools

blueprint = pages_blueprint("admin")
STATES = {"open": "待处理", "mended": "已修改", "replayed": "重放中", "settled": "已解决"}


@blueprint.before_request
def _administrators_only() -> None:
    require(current_actor(), Verb.ADMINISTER)


@blueprint.get("/admin")
def admin() -> Response:
    everything = request.args.get("all") == "1"
    return show(
        "admin.html",
        letters=dead_letters.list_letters(tools(), everything=everything),
        everything=everything,
        tokens=accounts.list_tokens(tools()),
        states=STATES,
        outbox=outbox_waiting(deployment()),
        intake=group_waiting(deployment(), INTAKE_GROUP, intake_topics(deployment())),
        index_lag=index_lag_seconds(deployment()),
    )


@blueprint.get("/admin/dead-letters/<letter_id>")
def dead_letter(letter_id: str) -> Response:
    return _letter(letter_id)


@blueprint.post("/admin/dead-letters/<letter_id>/mend")
def mend(letter_id: str) -> Response:
    """Put a corrected record beside the original; the original bytes stay."""
    value = text("value", required=True, longest=1_000_000)
    try:
        dead_letters.mend(tools(), letter_id, value.encode())
    except Invalid as refusal:
        return _letter(letter_id, entered=value, refused=refusal, status=422)
    return done("已保存修改，可以重放", f"/admin/dead-letters/{letter_id}")


@blueprint.post("/admin/dead-letters/<letter_id>/replay")
def replay(letter_id: str) -> Response:
    dead_letters.replay(tools(), letter_id)
    return done("已送回原主题，几秒后见结果；再失败会重新出现在待处理", "/admin")


@blueprint.post("/admin/tokens/<token_id>/revoke")
def revoke(token_id: str) -> Response:
    accounts.revoke_token(tools(), token_id)
    return done("令牌已撤销", "/admin#tokens")


def _letter(letter_id: str, *, entered: str = "", refused: CrmError | None = None, status: int = 200) -> Response:
    letter = dead_letters.show(tools(), letter_id)
    errors = dict(faults(refused)) if refused else {}
    if refused and "value" not in errors:
        errors = {"value": sentence(refused)}
    return show(
        "dead_letter.html",
        status=status,
        letter=letter,
        value=entered or letter["mended_value"] or letter["value"] or "",
        errors=errors,
        states=STATES,
        open=letter["state"] in dead_letters.OPEN_STATES,
    )
