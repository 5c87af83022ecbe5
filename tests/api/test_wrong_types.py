"""Each field of each body that changes something: a value of another type is named, and nothing is written."""

import copy
from typing import Any

import pytest

from tests.api.wire import DEVICE, refusal
from tests.tenant import APP_KEY, Tenant

NO_TEXT: list[Any] = [1, 1.5, True, [], {}]
NO_FLAG: list[Any] = ["true", 1, 0, [], {}]
NO_TIME: list[Any] = [
    *(
        1,
        1503446400,
        True,
        [],
        {},
        "",
        "yesterday",
        "1503446400",
        "2017-13-01",
        "2017-02-30",
        "2017-8-15",
        "0000-01-01",
    ),
    *("2017-08-15T10:00", "2017-08-15 10:00:00Z", "2017-08-15T25:00:00Z", "2017-08-15T10:00:00", "2017-W33-2"),
    *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2017-08-15T10:00:00+99:00", "\uff12017-08-15"),
]
CONTACT = {"email": "albert.b.jerm@gmail.com", "customFields": [{"name": "Favorite Food", "value": "Burger"}]}
CHANNEL = {"channelType": "PUSH", "qualifier": APP_KEY, "destination": DEVICE, "status": "OPTED-IN"}
BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "contact": ("POST", "/databases/{}/contacts", CONTACT),
    "patch": ("PATCH", "/databases/{}/contacts/1000", CONTACT),
    "upsert": (
        "PATCH",
        "/databases/{}/contactbylookupkey",
        {"lookupKeyFields": [{"name": "userId", "value": "777374"}], "contact": CONTACT},
    ),
    "channel": ("PATCH", "/databases/{}/contactbychannel", {"channel": CHANNEL, "contact": CONTACT}),
    "column": ("POST", "/v1/databases/{}/columns", {"name": "Shoe Size"}),
    "app key": ("POST", "/v1/databases/{}/appkeys", {"name": "another"}),
    "campaign": ("POST", "/v1/databases/{}/campaigns", {"name": "another"}),
    "policy": ("PUT", "/v1/databases/{}/policy", {"survivor": "older", "approval": {"ask": "always", "rules": {}}}),
    "message": ("POST", "/v1/databases/{}/contacts/1000/messages", {"messageName": "Welcome"}),
    "event": ("POST", "/v1/databases/{}/contacts/1000/events", {"type": "visit"}),
    "database": ("POST", "/v1/databases", {"name": "another"}),
}
_CONTACT_FIELDS: dict[str, list[Any]] = {
    **dict.fromkeys(("email", "emailType", "leadSource", "optInDetails", "visitorKey", "crmSyncId"), NO_TEXT),
    "created": NO_TIME,
    "customFields": [None, 1, "x", {}, [None], [1], [{}], [{"name": "Visits"}]],
    "customFields.0.name": [None, *NO_TEXT],
    "customFields.0.value": [[], ["x"], {}, {"a": 1}],
    "muid": ["x"],
    "id": [1],
    "constructor": [{}],
}
WRONG: dict[str, dict[str, list[Any]]] = {
    "contact": _CONTACT_FIELDS,
    "patch": _CONTACT_FIELDS,
    "upsert": {
        "lookupKeyFields": [None, [], {}, "userId", [{}]],
        "lookupKeyFields.0.name": [None, *NO_TEXT],
        "lookupKeyFields.0.value": [None, *NO_TEXT],
        "contact": [None, [], 1, "x"],
        **{f"contact.{name}": some for name, some in _CONTACT_FIELDS.items()},
    },
    "channel": {
        "channel": [None, [], "x"],
        "channel.status": [*NO_TEXT, "opted-in", "OPTED_IN", ""],
        "channel.consentDate": NO_TIME,
        "channel.consentSource": [*NO_TEXT, "x" * 256],
        "channel.attributes": [None, [], "x", {"": "x"}, {"x" * 256: "x"}, {"a": None}, {"a": 1}, {"a": "x" * 256}],
        "channel.id": [1],
        "contact": [None, [], 1],
    },
    "column": {
        "name": [None, *NO_TEXT, "", "x" * 256],
        "type": [None, 1, "TEXT", "int", ""],
        "required": [None, *NO_FLAG],
        "selections": [None, "x", {}, [1], [""], ["x" * 256]],
    },
    "app key": {"name": [None, *NO_TEXT, "", "x" * 256], "id": [1]},
    "campaign": {"name": [None, *NO_TEXT, "", "x" * 256]},
    "policy": {
        "survivor": [None, 1, "", "OLDER", "oldest", []],
        "version": [1],
        "ask": ["always"],
        "approval": [None, 1, "always", []],
        "approval.ask": [None, 1, "", "ALWAYS", "sometimes", []],
        "approval.outcomes": [None, "merged", [], [1], ["unchanged"], ["blocked"], {}],
        "approval.deadlineSeconds": [None, 0, -1, 7_776_001, 10**30, 1.5, "60", True],
        "approval.reminderPercent": [None, 0, 100, 10**30, "75", True],
        "approval.rules": [None, 1, [], "always"],
        "approval.rules.bothIdentified": [None, *NO_FLAG],
        "approval.rules.emailsDiffer": [None, *NO_FLAG],
        "approval.rules.devicesGainedOver": [-1, 1_000_001, 10**30, 1.5, "1", True],
        "approval.rules.identityChangedWithinDays": [0, -1, 3651, 10**30, "1", True],
        "approval.rules.devicesGained": [1],
        "blockedValues": [None, "test", {}, [1], [None], [""], ["x" * 256]],
        "block": [["test"]],
    },
    "message": {
        "messageName": [None, *NO_TEXT, "", "x" * 256],
        "channel": [None, *NO_TEXT, "", "x" * 256],
        "body": NO_TEXT,
        "sentDate": NO_TIME,
        "expires": NO_TIME,
    },
    "event": {
        "type": [None, *NO_TEXT, "", "x" * 256],
        "occurred": NO_TIME,
        "attributes": [None, [], "x", {"": "x"}, {"a": 1}, {"a": None}, {"a": "x" * 1001}],
        "recordedOn": [1],
    },
    "database": {
        "name": [None, *NO_TEXT, "", "x" * 256],
        "id": [0, -1, 2**53 + 1, 10**20, "1", 1.5, True],
        "keyed": [None, *NO_FLAG],
    },
}


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, fields in WRONG.items() for field in fields])
async def test_a_value_that_a_field_cannot_hold_is_named(unchanged: Tenant, kind: str, field: str) -> None:
    method, path, valid = BODIES[kind]
    for value in WRONG[kind][field]:
        body = _with(valid, field.split("."), value)
        answer = await unchanged.http.request(method, path.format(unchanged.id), json=body)
        secrets = [value] if isinstance(value, str) and len(value) > 6 and len(set(value)) > 1 else []
        problem = await refusal(unchanged, answer, 422, "request-invalid", secrets=[*secrets, "jerm@", "777374"])
        pointer = "/body/" + field.replace(".", "/")
        assert all(one["pointer"].startswith(pointer) for one in problem["errors"]), problem


@pytest.mark.parametrize("kind", ["app key", "campaign", "column"])
@pytest.mark.parametrize("name", [" ", " x", "x ", "a\u200bb", "a\u202eb", "a\nb", "a\ufffdb", "a\u3164b", "\u2028"])
async def test_a_name_that_is_not_what_it_looks_like_is_refused(unchanged: Tenant, kind: str, name: str) -> None:
    method, path, _ = BODIES[kind]

    answer = await unchanged.http.request(method, path.format(unchanged.id), json={"name": name})

    await refusal(unchanged, answer, 422, "value-invalid")


def _with(valid: dict[str, Any], steps: list[str], value: Any) -> dict[str, Any]:
    """A copy of a body in which one field, named by the steps to it, is another."""
    body = copy.deepcopy(valid)
    place: Any = body
    for step in steps[:-1]:
        place = place[int(step) if step.isdigit() else step]
    place[steps[-1]] = value
    return body
