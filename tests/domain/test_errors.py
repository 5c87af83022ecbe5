import re
from http import HTTPStatus

import pytest

from domain.errors import ContactAbsorbed, Refusal, ValueInvalid, refusals

KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")
ALL = list(refusals())


@pytest.mark.parametrize("kind", ALL)
def test_a_code_is_its_class_name_in_kebab_case(kind: type[Refusal]) -> None:
    assert KEBAB.fullmatch(kind.code)
    assert kind.code.replace("-", "") == kind.__name__.lower()


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL) > 20


@pytest.mark.parametrize("kind", ALL)
def test_a_refusal_has_a_status_that_is_an_error_or_a_redirect_and_a_title(kind: type[Refusal]) -> None:
    assert HTTPStatus(kind.status) >= HTTPStatus.MULTIPLE_CHOICES
    assert kind.title


def test_the_table_is_ordered_by_status_and_code() -> None:
    keys = [(kind.status, kind.code) for kind in ALL]
    assert keys == sorted(keys)


def test_every_refusal_stands_in_the_table() -> None:
    """A refusal derived from another one would not: the table lists direct ones."""
    assert all(not kind.__subclasses__() for kind in ALL)


def test_the_message_is_the_code_whatever_the_detail() -> None:
    refusal = ValueInvalid("email: albert@jerm.example is odd", column="email")
    assert (str(refusal), refusal.args) == ("value-invalid", ("value-invalid",))
    assert (refusal.detail, refusal.extensions) == ("email: albert@jerm.example is odd", {"column": "email"})


def test_without_a_detail_the_title_speaks() -> None:
    assert ValueInvalid().detail == ValueInvalid.title


def test_an_absorbed_contact_names_its_survivor() -> None:
    refusal = ContactAbsorbed(42)
    assert (refusal.code, refusal.survivor, refusal.extensions) == ("contact-absorbed", 42, {"survivor": 42})
