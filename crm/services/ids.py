"""New ids: UUIDv7, so that rows made together lie together; drawn in services only, never while replaying."""

from __future__ import annotations

from datetime import UTC, datetime

import uuid_utils

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: sorts like the number, no I L O U to misread


def new_id() -> str:
    return str(uuid_utils.uuid7().hex)


def code_name(project_id: str) -> str:
    """A name that says nothing about the project: what a confidential one is called in every shared row."""
    digits = int(project_id[-13:], 16) & ((1 << 50) - 1)
    return f"KS-{base32(digits, 10)}"


def base32(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 32)
        text = ALPHABET[digit] + text
    return text


def receipt_number(received_at: datetime, index: int) -> str:
    """Number of a receipt given by our database: sorts by time, then by place in the batch (ties of one instant)."""
    carried, index = divmod(index, 1024)  # two digits hold so many; a larger batch runs on into the next microsecond
    micros = (received_at - EPOCH) // (datetime.resolution) + carried
    noise = int.from_bytes(uuid_utils.uuid4().bytes[:2], "big") % 1024
    return f"D-{base32(micros, 11)}{base32(index, 2)}-{base32(noise, 2)}"


def topic_receipt_number(topic: str, partition: int, offset: int) -> str:
    """Number derived from the place in the log, so that reading again gives the same one."""
    feed = topic.removeprefix("leads.submitted").removeprefix(".from.")
    return f"K{feed}-{base32(partition, 2)}-{base32(offset, 8)}"
