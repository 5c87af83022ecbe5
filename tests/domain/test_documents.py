import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import canonical
from domain.contact import Contact, contact_document
from domain.documents import contact_from, policy_from, request_from
from domain.policy import policy_document
from domain.request import request_document
from domain.times import rfc3339
from tests.contacts import contact
from tests.strategies import Case, cases, contacts


@given(contacts(7))
def test_a_contact_survives_its_document(one: Contact) -> None:
    document = json.loads(json.dumps(contact_document(one), default=rfc3339))
    assert contact_from(document) == one


@given(contacts(2**53 + 1))
def test_a_contact_survives_canonical_bytes_where_ids_are_texts(one: Contact) -> None:
    assert contact_from(json.loads(canonical(contact_document(one)))) == one


@given(cases())
def test_a_request_and_a_policy_survive_their_documents(case: Case) -> None:
    assert request_from(json.loads(canonical(request_document(case.request)))) == case.request
    assert policy_from(json.loads(canonical(policy_document(case.policy)))) == case.policy


@given(contacts(7), st.permutations(["Favorite Food", "Country", "Visits"]))
def test_equal_contacts_have_equal_documents(one: Contact, order: list[str]) -> None:
    shuffled = replace(one, custom={name: one.custom[name] for name in order if name in one.custom})
    assert contact_document(shuffled) == contact_document(one)
    assert canonical(contact_document(shuffled)) == canonical(contact_document(one))


def test_an_offline_document_may_leave_out_all_but_id_and_created() -> None:
    bare = contact_from({"id": "5", "created": "2017-08-15"})
    assert bare == replace(contact(5, "2017-08-15", modified="2017-08-15"), database_id=0)


def test_null_values_of_an_offline_document_are_absent() -> None:
    document = {
        "id": 5,
        "created": "2017-08-15",
        "email": None,
        "customFields": [{"name": "Visits", "value": None}, {"name": "userId", "value": "7"}],
        "identities": [{"name": "userId", "value": "7"}],
    }
    read = contact_from(document)
    assert (read.system.email, read.custom, read.identities) == (None, {}, {"userId": "7"})


def test_a_document_shows_an_identity_in_both_places() -> None:
    document = contact_document(contact(custom={"Visits": "1"}, identities={"userId": "7"}))
    assert document["identities"] == [{"name": "userId", "value": "7"}]
    assert document["customFields"] == [{"name": "Visits", "value": "1"}, {"name": "userId", "value": "7"}]


def test_a_channel_that_says_nothing_of_consent_is_opted_in() -> None:
    channel = {"channelType": "SMS", "qualifier": "spring", "destination": "+12345678"}
    (device,) = contact_from({"id": 5, "created": "2017-08-15", "channels": [channel]}).devices
    assert (device.id, device.consent.status, device.consent.date, device.attributes) == (0, "OPTED-IN", None, {})
