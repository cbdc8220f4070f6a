"""Who may do what: the whole matrix, written out once more by hand."""

from __future__ import annotations

import pytest

from crm.domain.actors import Actor, Role
from crm.domain.errors import Forbidden
from crm.domain.permissions import Verb, may, require

BY_ROLE = {
    Role.REPORTER: {Verb.REPORT, Verb.CHECK},
    Role.DISPATCHER: set(Verb) - {Verb.ANSWER_DISPATCH, Verb.ADMINISTER},
    Role.DISTRICT: set(Verb) - {Verb.DISPATCH, Verb.TRANSFER, Verb.EDIT_CHAINS, Verb.ANSWER_CHECKS, Verb.ADMINISTER},
    Role.CARRIER: {Verb.FOLLOW_CHECKS, Verb.ANSWER_CHECKS},
    Role.DEPARTMENT: {Verb.READ_PROJECTS},
    Role.LIAISON: {Verb.READ_PROJECTS, Verb.READ_ENTERPRISES, Verb.RAISE_OBSTACLE, Verb.FOLLOW_CHECKS},
    Role.LEADER: {Verb.READ_PROJECTS, Verb.READ_ENTERPRISES, Verb.FOLLOW_CHECKS},
    Role.ADMIN: set(Verb) - {Verb.ANSWER_DISPATCH},
}


def actor(role: Role) -> Actor:
    return Actor("user:1", "BUREAU", role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", Verb)
def test_the_matrix(role: Role, verb: Verb) -> None:
    assert may(actor(role), verb) is (verb in BY_ROLE[role])


@pytest.mark.parametrize("role", Role)
def test_what_one_may_not_is_refused_in_words(role: Role) -> None:
    for verb in set(Verb) - BY_ROLE[role]:
        with pytest.raises(Forbidden, match=str(verb.value)):
            require(actor(role), verb)
    for verb in BY_ROLE[role]:
        require(actor(role), verb)
