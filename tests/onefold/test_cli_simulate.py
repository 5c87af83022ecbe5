import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.contact import contact_document
from onefold.demo import contacts
from tests.onefold.cli import Command

EXAMPLE = Path(__file__).parents[2] / "docs" / "worked-example"
DEVICE, LOOKUP = EXAMPLE / "device.json", EXAMPLE / "lookup.json"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A contact file: the device's contact of the worked example with some keys changed, None leaves a key out."""

    def write(name: str = "changed.json", base: Path = DEVICE, **changes: Any) -> Path:
        document = {**json.loads(base.read_text(encoding="utf-8")), **changes}
        path = tmp_path / name
        path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
        return path

    return write


def custom(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_the_worked_example_of_the_seed(onefold: Command) -> None:
    ended = onefold("simulate", DEVICE, LOOKUP)
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[0] == "merged: contact 1001 survives and absorbs contact 1000."
    assert ended.line("Favorite Food") == "Favorite Food Pizza Burger Burger newest"
    assert ended.line("muid") == "muid ZMjue73FFG Sksd03jdJKK Sksd03jdJKK newest"
    assert ended.line("created") == "created 2017-08-01 2017-08-15 2017-08-15 survivor"
    assert ended.line("lastModified") == "lastModified 2017-08-07 2017-08-16 (time of the regenerated"
    assert ended.line("userId") == "userId 777374 null 777374 requested"
    assert ended.line("PUSH-ap56921D  Sksd03jdJKK|H892hH").endswith("OPTED-IN 1001")
    assert ended.line("PUSH-ap56921D  ZMjue73FFG|Zujdd9d").endswith("OPTED-IN 1000")
    assert ended.line("email").endswith("oldest")


def test_in_a_wide_terminal_the_older_email_stands_in_one_line(
    onefold: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    line = onefold("simulate", DEVICE, LOOKUP).line("email")
    assert line == "email albert.b.jerm@gmail.com bertrand.jerm@gmail.com albert.b.jerm@gmail.com oldest"


def test_the_files_of_the_worked_example_are_the_demo_data(onefold: Command, write: Write) -> None:
    lookup, device = (
        json.loads(json.dumps(contact_document(one), default=lambda time: time.isoformat()))
        for one in contacts(99999)[:2]
    )
    ours = onefold("simulate", DEVICE, LOOKUP, "--json").json
    theirs = onefold(
        "simulate", write("d.json", **{**device, "id": 1001}), write("l.json", **{**lookup, "id": 1000}), "--json"
    ).json
    assert [ours["fields"], ours["identities"]] == [theirs["fields"], theirs["identities"]]


def test_json_is_the_plan_with_its_digest(onefold: Command) -> None:
    plan = onefold("simulate", DEVICE, LOOKUP, "--json").json
    assert (plan["outcome"], plan["survivor"], plan["absorbed"]) == ("merged", 1001, 1000)
    assert len(plan["digest"]) == 64


def test_a_required_column_without_value_blocks_and_exits_with_3(onefold: Command) -> None:
    ended = onefold("simulate", DEVICE, LOOKUP, "--require", "Country")
    assert ended.code == 3
    assert ended.lines[:2] == [
        "blocked: nothing changes, because",
        "- required column Country would have no value (required-column-empty)",
    ]


def test_without_a_lookup_contact_the_identity_is_assigned_or_reassigned(onefold: Command, write: Write) -> None:
    assigned = onefold("simulate", DEVICE, "--identity", "userId=1")
    assert assigned.lines[0] == "assigned: contact 1001 gets the identity, which no other contact holds."
    assert assigned.line("userId") == "userId null 1 requested"
    held = write(identities=custom(userId="old"))
    assert onefold("simulate", held, "--identity", "userId=1").lines[0] == (
        "reassigned: contact 1001 gets the identity and gives up userId = old."
    )


def test_a_contact_that_holds_the_identity_is_unchanged(onefold: Command) -> None:
    ended = onefold("simulate", LOOKUP, LOOKUP)
    assert ended.lines[0] == "unchanged: contact 1000 holds the identity already."


def test_the_options_decide_who_survives(onefold: Command, write: Write) -> None:
    def survivor(*options: object) -> int:
        return int(onefold("simulate", DEVICE, write(base=LOOKUP, crmSyncId="c"), *options, "--json").json["survivor"])

    assert survivor() == 1001
    assert survivor("--survivor", "older") == 1000
    assert survivor("--survivor", "newer") == 1001
    assert survivor("--crm-winner") == 1000


def test_events_can_stay_where_they_are(onefold: Command) -> None:
    assert onefold("simulate", DEVICE, LOOKUP, "--no-events").line("Events") == "Events of contact 1001 only"


def test_a_custom_field_named_as_the_lookup_key_is_the_identity(onefold: Command, write: Write) -> None:
    vendors = write(base=LOOKUP, identities=None)
    plan = onefold("simulate", DEVICE, vendors, "--identity", "userId=777374", "--json").json
    assert [row["name"] for row in plan["identities"]] == ["userId"]
    assert "userId" not in [row["name"] for row in plan["fields"]]


def test_a_phone_number_may_stand_without_its_plus(onefold: Command, write: Write) -> None:
    sms = write(channels=[{"channelType": "sms", "qualifier": "spring", "destination": "4915550100"}])
    assert onefold("simulate", sms, LOOKUP).line("Device") == "Device SMS-spring +4915550100"


@pytest.mark.parametrize(
    ("changes", "options", "sentence"),
    [
        ({}, ["--identity", "userId"], "--identity reads NAME=VALUE, for example userId=777374. (identity-invalid)"),
        ({}, ["--identity", "userId=1"], "The lookup contact does not hold userId=1."),
        ({}, ["--destination", "x"], "The device contact has no such destination. (device-not-found)"),
        ({"channels": []}, [], "The device contact has no channels: a request names a device. (device-not-found)"),
        ({"databaseId": 1}, [], "The contacts are of different databases: they never merge. (databases-differ)"),
        ({"id": 1000}, [], "Both contacts have the id 1000, yet they differ. (contacts-contradict)"),
        (
            {"identities": custom(userId="777374")},
            [],
            "The contacts share a device or an identity: only one can have it. (contacts-contradict)",
        ),
    ],
)
def test_contacts_that_contradict_the_request_or_each_other_get_a_sentence(
    onefold: Command, write: Write, changes: dict[str, Any], options: list[str], sentence: str
) -> None:
    ended = onefold("simulate", write(**changes), LOOKUP, *options)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"onefold: {sentence}")


def test_two_identities_ask_which_one_is_requested(onefold: Command, write: Write) -> None:
    two = write(base=LOOKUP, customFields=None, identities=[*custom(userId="777374"), *custom(other="1")])
    assert "has 2 identities: say which one is requested with --identity" in onefold("simulate", DEVICE, two).err
    assert onefold("simulate", DEVICE, two, "--identity", "userId=777374").code == 0


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"created": None}, "created is missing."),
        ({"id": None}, "id is missing."),
        ({"id": True}, "id must be a whole number from 0 to 2^63 - 1."),
        ({"id": -1}, "id must be a whole number from 0 to 2^63 - 1."),
        (
            {"created": "yesterday"},
            "created must be a time such as 2017-08-15T00:00:00Z, or a date such as",
        ),
        ({"created": 1502755200}, "created must be a time such as 2017-08-15T00:00:00Z, or a date such as"),
        ({"emial": "x"}, "emial is no key of a contact."),
        ({"email": 5}, "email must be a text."),
        ({"email": "\ud800"}, "email holds a character that cannot be stored."),
        ({"customFields": {}}, "customFields must be a list."),
        ({"customFields": [{"name": "A"}]}, "customFields[0].value is missing."),
        ({"customFields": custom(email="x")}, "customFields[0]: every contact has email of its own."),
        ({"customFields": custom(A="1") + custom(A="2")}, "customFields has A twice."),
        (
            {"customFields": custom(userId="1"), "identities": custom(userId="2")},
            "userId has one value in customFields and another in identities.",
        ),
        ({"identities": custom(userId="")}, "identities[0]: The identity value must not be empty."),
        ({"channels": [5]}, "channels[0] must be an object."),
        (
            {"channels": [{"channelType": "PUSH", "qualifier": "a", "destination": "x"}]},
            "channels[0]: A push destination is MUID|channelId: exactly one bar,",
        ),
    ],
)
def test_a_key_that_is_missing_or_ill_typed_is_named_with_its_file(
    onefold: Command, write: Write, changes: dict[str, Any], complaint: str
) -> None:
    path = write()
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    ended = onefold("simulate", path, LOOKUP)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"onefold: {path}: {complaint}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "it is not JSON: line 1, column 2: Expecting property name"),
        (b"\xff", "it is not UTF-8 text."),
        (b"[]", "the contact must be an object."),
        (b'{"id": 1, "id": 2}', "it is not JSON that can be read: an object has the same key twice."),
        (b"[" * 100_000, "it is not JSON that can be read: "),
    ],
)
def test_a_file_that_is_no_contact_gets_a_sentence(
    onefold: Command, tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    ended = onefold("simulate", path, LOOKUP)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"onefold: {path}: {complaint}")


def test_a_missing_file_is_wrong_usage(onefold: Command) -> None:
    assert onefold("simulate", "nowhere.json", LOOKUP).code == 2
