"""What endpoints read of a request beside fields: the JSON body, the version seen, how long to wait.

Bodies are read by `schemas/envelope.py`, the same strict reader as for records: one JSON value, no name twice.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from flask import request
from werkzeug.http import quote_etag

from crm.domain.errors import Stale
from crm.web.errors import WHOLE, Malformed, PreconditionMissing, TooLarge, UnsupportedMedia
from schemas.envelope import MAX_RECORD_BYTES, read_json
from schemas.faults import SchemaError

JSON_TYPES = frozenset({"application/json", "application/merge-patch+json"})
LONGEST_WAIT = 30
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,5})")


def json_body() -> Any:
    """The body of at most 900 KB. Raises UnsupportedMedia, TooLarge, Malformed."""
    text = _raw_body()
    if len(text) > MAX_RECORD_BYTES:
        raise TooLarge(f"内容 {len(text)} 字节，超过上限 {MAX_RECORD_BYTES} 字节（900 KB）")
    try:
        return read_json(text)
    except SchemaError as error:
        field, message = error.errors[0]
        raise Malformed.of(WHOLE if field == "record" else field, message) from error


def large_json_body() -> Any:
    """The body of a batch; its items are judged one by one (`item_fault`)."""
    try:
        return orjson.loads(_raw_body())
    except orjson.JSONDecodeError as error:
        raise Malformed.of(WHOLE, "不是有效的 JSON") from error


def item_fault(item: Any) -> SchemaError | None:
    """What would have been wrong with an item as a body of its own: too large, too deep."""
    try:
        read_json(orjson.dumps(item))
    except SchemaError as error:
        return error
    except (TypeError, ValueError):
        return SchemaError(("data", "嵌套过深"))
    return None


def _raw_body() -> bytes:
    if request.mimetype not in JSON_TYPES:
        raise UnsupportedMedia("请以 Content-Type: application/json 发送 JSON")
    text = request.get_data()
    if not text:
        raise Malformed.of(WHOLE, "没有内容")
    return text


def seen_version() -> int | None:
    """The version in If-Match; None for `*`, whatever it is now. Raises PreconditionMissing, Stale."""
    if "If-Match" not in request.headers:
        raise PreconditionMissing("请在 If-Match 头中给出读到的版本（ETag）")
    if request.if_match.star_tag:
        return None
    tags = request.if_match.as_set(include_weak=True)  # a proxy that compresses weakens ours
    if len(tags) == 1 and (tag := next(iter(tags))).isascii() and tag.isdigit() and len(tag) < 10:
        return int(tag)
    raise Stale("If-Match 不是本系统给出的版本")


def version_tag(version: int) -> str:
    """The ETag of a version: what If-Match gives back."""
    return quote_etag(str(version))


def seconds_to_wait() -> int:
    """`Prefer: wait=N` (RFC 7240), at most 30; 0 when the caller would rather not."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), LONGEST_WAIT) if found else 0
