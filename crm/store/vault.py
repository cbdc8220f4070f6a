"""Contacts at rest: each person's data under a key of its own, that key under the deployment's.

Deleting a person destroys the person's key; every copy of the ciphertext, backups included, is then noise
(promise 9). AES-256-GCM of `cryptography`; the row's id is bound in, so ciphertexts cannot be swapped.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


@dataclass(frozen=True, slots=True)
class SealedPerson:
    sealed_key: bytes
    secret: bytes


class Vault:
    """Seals and opens. `master` is the deployment's secret from the data folder."""

    def __init__(self, master: str) -> None:
        self._master = AESGCM(hashlib.sha256(b"contacts:" + master.encode()).digest())

    def seal_person(self, contact_id: str, person: Mapping[str, Any]) -> SealedPerson:
        key = AESGCM.generate_key(256)
        secret = _seal(AESGCM(key), orjson.dumps(dict(person)), contact_id)
        return SealedPerson(_seal(self._master, key, contact_id), secret)

    def open_person(self, contact_id: str, sealed_key: bytes | None, secret: bytes) -> dict[str, Any] | None:
        """The person, or None once the key is destroyed."""
        if sealed_key is None:
            return None
        key = _open(self._master, sealed_key, contact_id)
        person: dict[str, Any] = orjson.loads(_open(AESGCM(key), secret, contact_id))
        return person

    def seal(self, content: bytes, purpose: str) -> bytes:
        return _seal(self._master, content, purpose)

    def open(self, sealed: bytes, purpose: str) -> bytes:
        return _open(self._master, sealed, purpose)


def _seal(cipher: AESGCM, content: bytes, bound: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, content, bound.encode())


def _open(cipher: AESGCM, sealed: bytes, bound: str) -> bytes:
    return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound.encode())
