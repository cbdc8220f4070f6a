"""Reporting a lead: paste, check, send, receipt. The one screen that must be quicker than a chat message.

The blind answer is asked before the report is stored, and kept in the browser's session for its receipt: asked later it
would answer about the report itself, or about others' later ones.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, session
from werkzeug.wrappers import Response

from crm.domain.clock import local_date
from crm.domain.errors import Conflict, Invalid
from crm.domain.permissions import Verb, require
from crm.domain.working_days import working_deadline
from crm.services.duplicate_check import BlindAnswer, Limited, admit_report, check
from crm.services.pasted_text import read_pasted
from crm.services.submission import Incoming, Submitted, submit
from crm.store.queries.leads import ReceiptView, get_lead, get_receipt
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.forms import faults, sentence, text
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.report_form import SUMMARY, as_data, labels, posted_values
from crm.web.pages.wording import language, wording

blueprint = pages_blueprint("reporting")
PROOF_DAYS = 15  # legal working days to prove a first report (product.md)
ANSWERS_KEPT = 20


@blueprint.get("/leads/new")
def report_form() -> Response:
    require(current_actor(), Verb.REPORT)
    return _form({"source_ref": _new_reference()})


@blueprint.post("/leads/new/read")
def read_into_form() -> Response:
    """Fill the form from the pasted text; what a person already typed stays, what is not understood goes to 补充说明."""
    require(current_actor(), Verb.REPORT)
    districts = {d.name: d.code for d in tools().reference.pack().districts.values()}
    pasted = read_pasted(request.form.get("paste", ""), districts)
    values = {name: value for name, value in posted_values(request.form).items() if value}
    read = [name for name in pasted.fields if name not in values]
    for name in read:
        values[name] = pasted.fields[name]
    said_otherwise = [f"{labels()[n]}：{v}" for n, v in pasted.fields.items() if values[n] != v]
    said = [line for line in (*pasted.unread, *said_otherwise) if line not in values.get(SUMMARY, "")]
    values[SUMMARY] = "\n".join(filter(None, (values.get(SUMMARY, ""), *said)))
    values.setdefault("source_ref", _new_reference())
    return _form(values, read=read, kept=said)


@blueprint.post("/leads/new")
def report() -> Response:
    actor = current_actor()
    values = posted_values(request.form)
    values["source_ref"] = values["source_ref"] or _new_reference()
    data = as_data(values)
    enterprise = data.get("enterprise", {})
    try:
        answer = admit_report(tools(), actor, name=enterprise.get("name"), uscc=enterprise.get("uscc"))
        taken = submit(tools(), actor, Incoming(actor.organisation, data), "form")
    except Invalid as refusal:
        return _form(values, errors=dict(faults(refusal)), status=422)
    except Limited as refusal:
        return _form(values, errors={"name": str(refusal)}, status=429)
    except Conflict as conflict:
        different = "、".join(labels().get(name, name) for name in conflict.fields)
        flash(f"{sentence(conflict)}。不同之处：{different}。若是另一条线索，请在“更多”里换一个报送编号。", "error")
        return _form(values, errors={"source_ref": "该编号已报送过"}, status=409)
    if not taken.duplicate:
        _keep_answer(taken, answer, named=bool(enterprise.get("name") or enterprise.get("uscc")))
    for warning in taken.warnings:
        flash(warning.partition("：")[2] or warning, "warning")
    return redirect(f"/receipts/{taken.receipt_no}" + ("?lang=en" if language() == "en" else ""), 303)


@blueprint.post("/check")
def blind_check() -> Response:
    """Yes or no, never who; limited by organisation and hour."""
    name, uscc = text("name", longest=200), text("uscc", longest=64)
    answer: BlindAnswer | None = None
    fault = ""
    if not (name or uscc):
        fault = "请填企业全称或信用代码"
    else:
        try:
            answer = check(tools(), current_actor(), name=name or None, uscc=uscc or None)
        except Limited as refusal:
            fault = str(refusal)
    status = 422 if fault else 200
    context: dict[str, Any] = {"checked": name or uscc, "answer": answer, "check_fault": fault}
    context |= {"t": wording(), "lang": language()}
    if request.headers.get("HX-Request"):
        return show("parts/check.html", status=status, **context)
    return _form({"source_ref": _new_reference()}, status=status, **context)


@blueprint.get("/receipts/<receipt_no>")
def receipt(receipt_no: str) -> Response:
    actor = current_actor()
    with tools().database.read() as db:
        scope = scope_of(db, actor)
        view = get_receipt(db, scope, receipt_no)
        lead = get_lead(db, scope, view.lead_id) if view.lead_id else None
        data: Mapping[str, Any] = lead.data if lead else {}
        proofs = _proofs(view, data, has_contact=bool(lead and lead.contact_ids)) if lead else []
    return show(
        "receipt.html",
        part="parts/receipt.html",
        receipt=view,
        data=data,
        answer=session.get("answers", {}).get(receipt_no),
        proofs=proofs,
        proof_due=local_date(working_deadline(view.received_at, PROOF_DAYS, tools().calendar).at),
        today=today(),
        t=wording(),
        lang=language(),
    )


def _proofs(view: ReceiptView, data: Mapping[str, Any], *, has_contact: bool) -> list[tuple[str, bool]]:
    """What makes a report a valid first report, and whether it is there (product.md)."""
    if view.protection != "unproven":
        return []
    intention = bool(data.get("project", {}).get("site_mode") or data.get("last_contact"))
    return [("投资方联系人", has_contact), ("明确的落户意向", intention), ("由本单位以外的人确认", False)]


def _form(
    values: dict[str, str], *, status: int = 200, errors: Mapping[str, str] | None = None, **more: Any
) -> Response:
    # A form htmx swaps in must be kept by it: 422 is, 409 and 429 are not.
    context: dict[str, Any] = {"values": values, "errors": errors or {}, "labels": labels()}
    context |= {
        "paste": request.form.get("paste", ""),
        "t": wording(),
        "lang": language(),
        "read": [],
        "kept": [],
        **more,
    }
    swapped = 422 if status in (409, 429) and request.headers.get("HX-Request") else status
    return show("report.html", part="parts/report_form.html", status=swapped, **context)


def _new_reference() -> str:
    """A reference for a report by form: given with the empty form, so that sending twice gives one receipt."""
    return f"W-{today():%Y%m%d}-{secrets.token_hex(4).upper()}"


def _keep_answer(taken: Submitted, answer: BlindAnswer | None, *, named: bool) -> None:
    """Beside the receipts of this browser; the oldest go, since a cookie is small."""
    kept = dict(list(session.get("answers", {}).items())[-(ANSWERS_KEPT - 1) :])
    if not named:
        kept[taken.receipt_no] = {"unnamed": True}
    elif answer is None:
        kept[taken.receipt_no] = {"withheld": True}
    else:
        until = answer.protected_until.isoformat() if answer.protected_until else None
        kept[taken.receipt_no] = {"reported": answer.reported, "protected_until": until}
    session["answers"] = kept
