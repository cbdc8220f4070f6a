"""One trace from the request or record that began it to every fact, event, document and log line it leads to.

A trace is a W3C `traceparent`: given by whoever sent the request or record, or made here. Its id stands in `history`; it
travels in events (CloudEvents' extension attribute) and in the header of their records. One marked as sampled is logged at
each place it comes by: requests are; files and jobs are not, and a producer's records only if it says so, since a feed may
bring thousands a second.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAMPLED = 1

current: ContextVar[str | None] = ContextVar("trace", default=None)
"""The trace of the request being answered."""


def well_formed(text: str | None) -> str | None:
    """The trace, or None if it is none: then one is made."""
    return text if text is not None and _TRACEPARENT.fullmatch(text) else None


def fresh(*, logged: bool = False) -> str:
    """A trace that begins here."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{'01' if logged else '00'}"


def derived(source: str, event_id: str) -> str:
    """The trace of a record that came without: the same whenever it is read again."""
    digest = hashlib.sha256(f"{source}\0{event_id}".encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-00"


def identity(trace: str) -> str:
    """Its id, 32 hexadecimal digits: what one searches logs and `history` for."""
    return trace[3:35] if _TRACEPARENT.fullmatch(trace) else trace


def sampled(trace: str) -> bool:
    return bool(int(trace[-2:], 16) & _SAMPLED)
