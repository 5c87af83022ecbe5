from datetime import UTC, datetime

import pytest

from domain.columns import Column, ColumnType
from domain.contact import WIRE_NAMES
from domain.contact_input import (
    ContactChange,
    ContactInput,
    Schema,
    contact_change,
    demand_opt_in_details_unset,
    demand_required_columns,
    given_identity,
    lookup_identity,
)
from domain.errors import (
    EmailInvalid,
    IdentityBlocked,
    IdentityInvalid,
    LookupKeyInactive,
    RequiredColumnEmpty,
    ValueInvalid,
)
from domain.identity import Identity
from tests.contacts import contact

SCHEMA = Schema(
    columns={
        "userId": Column("userId", ColumnType.TEXT),
        "Alias Id": Column("Alias Id", ColumnType.TEXT),
        "Member": Column("Member", ColumnType.NUMBER),
        "Visits": Column("Visits", ColumnType.NUMBER),
        "Country": Column("Country", ColumnType.TEXT, required=True),
    },
    lookup_keys=frozenset({"userId", "Member"}),
)


def test_absent_leaves_and_null_clears() -> None:
    change = contact_change(ContactInput({"email": None}, {"Visits": None, "userId": None}), SCHEMA)
    assert change == ContactChange({"email": None}, {"Visits": None}, {"userId": None})
    assert contact_change(ContactInput(), SCHEMA) == ContactChange({}, {}, {})


def test_system_attributes_go_by_our_names() -> None:
    given = {wire: "HTML" if wire == "emailType" else "a@b.example" for wire in WIRE_NAMES.values()}
    assert set(contact_change(ContactInput(given), SCHEMA).system) == set(WIRE_NAMES)


def test_a_column_that_is_an_active_lookup_key_becomes_an_identity() -> None:
    change = contact_change(ContactInput(custom={"userId": "Zoe\u0308", "Alias Id": "x", "Member": "7.0"}), SCHEMA)
    assert change.identities == {"userId": "Zo\u00eb", "Member": "7"}
    assert change.custom == {"Alias Id": "x"}
    assert change.claims == [Identity("userId", "Zo\u00eb"), Identity("Member", "7")]


def test_an_identity_that_is_cleared_claims_nothing() -> None:
    assert contact_change(ContactInput(custom={"userId": None}), SCHEMA).claims == []


@pytest.mark.parametrize("value", ["unknown", "Null", "000-000"])
def test_a_blocked_value_is_refused_under_a_lookup_key_and_found_by_it(value: str) -> None:
    with pytest.raises(IdentityBlocked):
        contact_change(ContactInput(custom={"userId": value}), SCHEMA)
    with pytest.raises(IdentityBlocked):
        given_identity("userId", value, SCHEMA)
    assert lookup_identity("userId", value, SCHEMA) == Identity("userId", value)
    assert contact_change(ContactInput(custom={"Alias Id": value}), SCHEMA).custom == {"Alias Id": value}


def test_a_database_may_block_other_values() -> None:
    schema = Schema(SCHEMA.columns, SCHEMA.lookup_keys, ("zo\u00eb",))
    contact_change(ContactInput(custom={"userId": "unknown"}), schema)
    for value in ("Zo\u00eb", "zoe\u0308"):
        with pytest.raises(IdentityBlocked):
            contact_change(ContactInput(custom={"userId": value}), schema)


@pytest.mark.parametrize("value", ["abc", "1 2", "Yes", "1e99"])
def test_an_identity_is_held_to_the_type_of_its_column_and_found_whatever_it_is(value: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        given_identity("Member", value, SCHEMA)
    assert refused.value.detail == "Member: Member is not a valid number."
    assert lookup_identity("Member", value, SCHEMA) == Identity("Member", value)


def test_an_identity_is_spelled_as_its_column_stores_it() -> None:
    for spelling in ("7", "7.0", "07"):
        assert given_identity("Member", spelling, SCHEMA) == Identity("Member", "7")
        assert lookup_identity("Member", spelling, SCHEMA) == Identity("Member", "7")
        assert lookup_identity("userId", spelling, SCHEMA) == Identity("userId", spelling)
    with pytest.raises(IdentityBlocked):
        given_identity("Member", "0e5", SCHEMA)


@pytest.mark.parametrize("value", ["", " 1", "a\u200bb", "v" * 256])
def test_a_value_that_is_no_identity_is_refused_under_a_lookup_key(value: str) -> None:
    with pytest.raises(IdentityInvalid):
        contact_change(ContactInput(custom={"userId": value}), SCHEMA)
    contact_change(ContactInput(custom={"Alias Id": value}), SCHEMA)


def test_a_column_that_does_not_exist_is_named() -> None:
    for name in ("Nope", "userid", "email"):
        with pytest.raises(ValueInvalid) as refused:
            contact_change(ContactInput(custom={name: "x"}), SCHEMA)
        assert refused.value.detail == f"{name}: {name} does not exist."


@pytest.mark.parametrize("email", ["a@b.c", "albert.b.jerm@gmail.com", "o'brien+x@sub.jerm.example", "ä@ö.example"])
def test_an_email_address_is_kept_as_it_is(email: str) -> None:
    assert contact_change(ContactInput({"email": email}), SCHEMA).system == {"email": email}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a b@c.d",
        "a@b@c.d",
        "a@b.c\n",
        "\ta@b.c",
        "a\x00@b.c",
        "\ud800@b.c",
        f"{'a' * 250}@b.cd",
    ],
)
def test_what_is_no_email_address_is_refused_in_the_vendors_words(email: str) -> None:
    with pytest.raises(EmailInvalid) as refused:
        contact_change(ContactInput({"email": email}), SCHEMA)
    assert (refused.value.status, refused.value.detail) == (400, "Argument was not a valid email")


@pytest.mark.parametrize("kind", ["", "html", "Html", "BOTH"])
def test_an_email_type_is_html_or_text(kind: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        contact_change(ContactInput({"emailType": kind}), SCHEMA)
    assert refused.value.detail == "emailType: emailType is not one of the valid selections for this field."


@pytest.mark.parametrize("wire", ["leadSource", "crmSyncId", "visitorKey", "muid", "optInDetails"])
def test_other_system_attributes_are_any_text_that_can_be_stored(wire: str) -> None:
    assert contact_change(ContactInput({wire: ""}), SCHEMA).system[_ours(wire)] == ""
    for value in ("x" * 1001, "a\x00b"):
        with pytest.raises(ValueInvalid) as refused:
            contact_change(ContactInput({wire: value}), SCHEMA)
        assert refused.value.extensions == {"column": wire}


def test_created_is_handed_on() -> None:
    created = datetime(2017, 8, 1, tzinfo=UTC)
    assert contact_change(ContactInput(created=created), SCHEMA).created == created


def test_a_required_column_may_stay_as_it_is_but_not_be_missing_or_cleared() -> None:
    nothing, cleared = ContactInput(), ContactInput(custom={"Country": None})
    held = contact(custom={"Country": "NL"})
    demand_required_columns(contact_change(nothing, SCHEMA), SCHEMA, held)
    for given, before in ((nothing, None), (nothing, contact()), (cleared, held)):
        with pytest.raises(RequiredColumnEmpty):
            demand_required_columns(contact_change(given, SCHEMA), SCHEMA, before)


def test_a_required_column_that_is_a_lookup_key_is_filled_by_the_identity() -> None:
    schema = Schema({"userId": Column("userId", ColumnType.TEXT, required=True)}, frozenset({"userId"}))
    demand_required_columns(contact_change(ContactInput(custom={"userId": "7"}), schema), schema, None)
    demand_required_columns(contact_change(ContactInput(), schema), schema, contact(identities={"userId": "7"}))
    with pytest.raises(RequiredColumnEmpty):
        freed = contact_change(ContactInput(custom={"userId": None}), schema)
        demand_required_columns(freed, schema, contact(identities={"userId": "7"}))


@pytest.mark.parametrize("value", [None, "", "OPTED-IN"])
def test_opt_in_details_can_only_be_set_on_a_contact_being_added(value: str | None) -> None:
    with pytest.raises(ValueInvalid) as refused:
        demand_opt_in_details_unset(ContactInput({"optInDetails": value}))
    assert refused.value.detail == "optInDetails: optInDetails can only be set on a contact being added."
    demand_opt_in_details_unset(ContactInput({"email": None}))


def test_only_an_active_lookup_key_looks_contacts_up() -> None:
    assert lookup_identity("userId", "Zoe\u0308", SCHEMA) == Identity("userId", "Zo\u00eb")
    for name in ("Alias Id", "userid", "nope"):
        with pytest.raises(LookupKeyInactive):
            lookup_identity(name, "1", SCHEMA)
    with pytest.raises(IdentityInvalid):
        lookup_identity("userId", "", SCHEMA)


def _ours(wire: str) -> str:
    return next(name for name, other in WIRE_NAMES.items() if other == wire)
