"""Who is let through by what a route asks for."""

import pytest

from api.services import Caller, demand
from domain.errors import PersonRequired, ScopeMissing
from store.tokens import OwnerKind, Scope, Token

DECIDES: dict[int | None, frozenset[str]] = {1: frozenset({"merges:decide"})}


def caller(kind: OwnerKind, database_id: int) -> Caller:
    return Caller(Token("abcdefgh", kind, 100, DECIDES), database_id)


def test_who_may_decide_in_a_database_is_let_through_there_alone() -> None:
    demand(caller(OwnerKind.PERSON, 1), Scope.MERGES_DECIDE)
    with pytest.raises(ScopeMissing) as refusal:
        demand(caller(OwnerKind.PERSON, 2), Scope.MERGES_DECIDE)
    assert "merges:decide" in refusal.value.detail


def test_a_service_never_decides_whatever_its_token_says() -> None:
    with pytest.raises(PersonRequired):
        demand(caller(OwnerKind.SERVICE, 1), Scope.MERGES_DECIDE)
