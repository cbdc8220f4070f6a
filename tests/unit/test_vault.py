"""Contacts at rest: a key a person, bound to its row; without the key, noise."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag

from crm.store.vault import Vault

PERSON = {"name": "裴听澜", "phone": "13900001234"}


@pytest.fixture
def vault() -> Vault:
    return Vault("master secret")


def test_what_is_sealed_opens_again(vault: Vault) -> None:
    sealed = vault.seal_person("c1", PERSON)
    assert vault.open_person("c1", sealed.sealed_key, sealed.secret) == PERSON


def test_nothing_of_the_person_can_be_read_from_the_sealed_bytes(vault: Vault) -> None:
    sealed = vault.seal_person("c1", PERSON)
    for text in PERSON.values():
        assert text.encode() not in sealed.secret + sealed.sealed_key


def test_each_person_has_a_key_of_its_own(vault: Vault) -> None:
    one, other = vault.seal_person("c1", PERSON), vault.seal_person("c1", PERSON)
    assert one.secret != other.secret
    with pytest.raises(InvalidTag):
        vault.open_person("c1", other.sealed_key, one.secret)


def test_with_the_key_destroyed_there_is_no_person_any_more(vault: Vault) -> None:
    sealed = vault.seal_person("c1", PERSON)
    assert vault.open_person("c1", None, sealed.secret) is None


def test_a_sealed_person_cannot_be_moved_to_another_row(vault: Vault) -> None:
    sealed = vault.seal_person("c1", PERSON)
    with pytest.raises(InvalidTag):
        vault.open_person("c2", sealed.sealed_key, sealed.secret)


def test_another_deployment_cannot_open_it(vault: Vault) -> None:
    sealed = vault.seal_person("c1", PERSON)
    with pytest.raises(InvalidTag):
        Vault("another secret").open_person("c1", sealed.sealed_key, sealed.secret)


def test_a_changed_byte_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(b"content", "submission")
    with pytest.raises(InvalidTag):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "submission")


def test_content_opens_for_its_purpose_only(vault: Vault) -> None:
    sealed = vault.seal(b"content", "submission")
    assert vault.open(sealed, "submission") == b"content"
    with pytest.raises(InvalidTag):
        vault.open(sealed, "backup")
