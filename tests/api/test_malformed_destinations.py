"""A malformed address is refused in words, everywhere that it can be sent, and does nothing."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.api.wire import DEVICE, PHONE, refusal, send
from tests.tenant import APP_KEY, CAMPAIGN, Tenant

PUSH = f"PUSH-{APP_KEY}".encode()
SMS = f"SMS-{CAMPAIGN}".encode()
IDENTITY = {"name": "userId", "value": "777374"}
BODY = json.dumps({"identity": IDENTITY}).encode()
LONG = "m" * 256

# What may follow a|b or stand in it, as the one character that makes it malformed.
CHARACTERS = {
    "NUL": "\x00",
    "line feed": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "space": " ",
    "no-break space": "\xa0",
    "umlaut": "ä",
    "combining acute": "\u0301",
    "zero-width space": "\u200b",
    "right-to-left override": "\u202e",
    "byte order mark": "\ufeff",
    "Kelvin sign": "\u212a",
    "long s": "\u017f",
    "full-width bar": "\uff5c",
    "full-width letter": "\uff41",
    "replacement character": "\ufffd",
    "emoji": "\U0001f600",
}
PUSH_TEXTS = {
    "no bar": "ab",
    "only a bar": "|",
    "nothing before the bar": "|b",
    "nothing after the bar": "a|",
    "two bars": "a|b|c",
    "two bars in a row": "a||b",
    "a full-width bar instead": "a\uff5cb",
    "a broken bar instead": "a\xa6b",
    "a slash instead of the bar": "a/b",
    "an escaped bar": "a%7Cb",
    "a long MUID": f"{LONG}|b",
    "a long channel id": f"a|{LONG}",
    "a phone number": PHONE,
    **{f"{name} at the end": f"a|b{character}" for name, character in CHARACTERS.items()},
    **{f"{name} at the start": f"{character}a|b" for name, character in CHARACTERS.items()},
}
SMS_TEXTS = {
    "seven digits": "+1234567",
    "sixteen digits": "+1234567890123456",
    "two pluses": "++4915112345678",
    "plus at the end": "4915112345678+",
    "an escaped plus": "%2B4915112345678",
    "letters": "+49151CALLME",
    "dashes": "+49-151-12345678",
    "a push destination": DEVICE,
    "full-width digits": "\uff14\uff19\uff11\uff15\uff11\uff11\uff12\uff13",
    "Arabic-Indic digits": "\u0664\u0669\u0661\u0665\u0661\u0661\u0662\u0663",
    "full-width plus": "\uff0b4915112345678",
    **{f"{name} at the end": f"{PHONE}{character}" for name, character in CHARACTERS.items()},
}
# What only a path can hold: its bytes, and why they are refused.
BYTES = {
    "invalid UTF-8": b"a|b%ff",
    "a cut UTF-8 sequence": b"a|b%C3",
    "a stray continuation byte": b"a|b%80",
    "an over-long slash": b"a|b%C0%AF",
    "a surrogate": b"a|b%ED%A0%80",
    "beyond Unicode": b"a|b%F5%80%80%80",
    "half an escape": b"a|b%2",
    "a bare percent": b"a|b%",
    "an escape of no byte": b"a|b%zz",
    "a JavaScript escape": b"a|b%u0041",
    "an escape within an escape": b"a|b%%41",
    "a bar encoded twice": b"a%257Cb",
    "a slash encoded twice": b"a%252Fb",
    "a second segment": b"a|b/c",
    "a slash at the end": b"a|b/",
    "a parent folder": b"../a|b",
    "a query": b"a|b?c",
    "an empty query": b"a|b?",
    "a fragment": b"a|b#c",
    "an empty fragment": b"a|b#",
}


def in_paths(tenant: Tenant, address: bytes) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Every route that takes an address in its path, under both of the vendor's prefixes."""
    for prefix in (b"", b"/rest"):
        database = prefix + f"/databases/{tenant.id}".encode()
        yield "PUT", database + b"/establishidentity/" + address, BODY
        yield "GET", database + b"/contactbychannel/" + address, None


async def in_bodies(tenant: Tenant, channel: object, qualifier: object, destination: object) -> list[httpx.Response]:
    """Every route that takes an address in its body."""
    address = {"channel": channel, "qualifier": qualifier, "destination": destination}
    asked = {"databaseId": tenant.id, **address, "identity": IDENTITY}
    device = {"channelType": channel, "qualifier": qualifier, "destination": destination}
    return [
        await tenant.http.post("/v1/merges", json=asked),
        await tenant.http.post("/v1/merges/preview", json=asked),
        await tenant.http.patch(f"/databases/{tenant.id}/contactbychannel", json={"channel": device}),
        await tenant.http.patch(f"/rest/databases/{tenant.id}/contactbychannel", json={"channel": device}),
    ]


@pytest.mark.parametrize("destination", PUSH_TEXTS.values(), ids=PUSH_TEXTS)
async def test_a_malformed_push_destination_is_refused_wherever_it_is_sent(unchanged: Tenant, destination: str) -> None:
    await _refused_everywhere(unchanged, "PUSH", APP_KEY, destination, "exactly one bar")


@pytest.mark.parametrize("destination", SMS_TEXTS.values(), ids=SMS_TEXTS)
async def test_a_malformed_phone_number_is_refused_wherever_it_is_sent(unchanged: Tenant, destination: str) -> None:
    await _refused_everywhere(unchanged, "SMS", CAMPAIGN, destination, "8 to 15 digits")


async def _refused_everywhere(tenant: Tenant, channel: str, qualifier: str, destination: str, why: str) -> None:
    secrets = [destination] if len(destination) > 3 else []
    for method, path, body in in_paths(tenant, f"{channel}-{qualifier}/{quote(destination, safe='')}".encode()):
        answer = await send(tenant, method, path, body)
        problem = await refusal(tenant, answer, 400, "destination-invalid", secrets=secrets)
        assert why in problem["detail"]
    code = "body-malformed" if "\x00" in destination else "destination-invalid"
    for told in await in_bodies(tenant, channel, qualifier, destination):
        await refusal(tenant, told, 400, code, secrets=secrets)


@pytest.mark.parametrize("destination", BYTES.values(), ids=BYTES)
async def test_a_path_that_does_not_decode_to_one_destination_is_refused(unchanged: Tenant, destination: bytes) -> None:
    for method, path, body in in_paths(unchanged, PUSH + b"/" + destination):
        answer = await send(unchanged, method, path, body)
        await refusal(unchanged, answer, 400, "destination-invalid", secrets=[destination.decode()])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (b"", "destination-invalid"),
        (PUSH, "destination-invalid"),
        (PUSH + b"/", "destination-invalid"),
        (SMS + b"/", "destination-invalid"),
        (PUSH + b"%2Fa|b", "destination-invalid"),
        (b"/" + PUSH, "channel-invalid"),
        (b"/a|b", "channel-invalid"),
        (b"/", "channel-invalid"),
    ],
)
async def test_a_path_that_lacks_a_segment_says_so(unchanged: Tenant, address: bytes, code: str) -> None:
    for method, path, body in in_paths(unchanged, address):
        await refusal(unchanged, await send(unchanged, method, path, body), 400, code)


async def test_a_path_that_ends_before_its_address_is_refused_too(unchanged: Tenant) -> None:
    for prefix in ("", "/rest"):
        path = f"{prefix}/databases/{unchanged.id}/establishidentity"
        answer = await unchanged.http.put(path, json={"identity": IDENTITY})
        await refusal(unchanged, answer, 400, "destination-invalid")


@pytest.mark.parametrize(
    "segment",
    [
        b"EMAIL-spring",
        b"CLIENT-spring",
        b"PUSHY-" + APP_KEY.encode(),
        b"-" + APP_KEY.encode(),
        b"%20PUSH-" + APP_KEY.encode(),
        b"PUSH%20-" + APP_KEY.encode(),
        b"PU%00SH-" + APP_KEY.encode(),
        "\u017fMS-spring".encode(),
        "\uff30\uff35\uff33\uff28-x".encode(),
        b"PUSH",
        b"PUSH-",
        b"PUSH" + quote("\uff0d").encode() + APP_KEY.encode(),
        PUSH + b"%00",
        PUSH + b"%20",
        PUSH + b"%0A",
        PUSH + b"%ff",
        PUSH + b"%E2%80%8B",
        PUSH + b"%EF%BF%BD",
        PUSH + b"%",
        PUSH + b"%2",
        b"PUSH-" + b"q" * 256,
    ],
)
async def test_an_unknown_channel_or_a_malformed_qualifier_is_refused(unchanged: Tenant, segment: bytes) -> None:
    sent = quote(segment, safe="%") if not segment.isascii() else segment.decode()
    for method, path, body in in_paths(unchanged, sent.encode() + b"/12345678"):
        answer = await send(unchanged, method, path, body)
        await refusal(unchanged, answer, 400, "channel-invalid")


@pytest.mark.parametrize("channel", ["EMAIL", "CLIENT", "", " PUSH", "PUSH ", "\u017fMS", "\uff33\uff2d\uff33", "P|SH"])
async def test_an_unknown_channel_in_a_body_is_refused(unchanged: Tenant, channel: str) -> None:
    for answer in await in_bodies(unchanged, channel, CAMPAIGN, "12345678"):
        await refusal(unchanged, answer, 400, "channel-invalid")


@pytest.mark.parametrize("name", ["channel", "qualifier", "destination"])
@pytest.mark.parametrize("value", [None, 1, True, 1.5, ["a|b"], {"a": "b"}])
async def test_a_part_of_an_address_that_is_no_text_is_refused(unchanged: Tenant, name: str, value: object) -> None:
    address: dict[str, object] = {"channel": "PUSH", "qualifier": APP_KEY, "destination": DEVICE, name: value}
    for answer in await in_bodies(unchanged, **address):
        problem = await refusal(unchanged, answer, 422, "request-invalid")
        assert any(name.removesuffix("Type") in one["pointer"] for one in problem["errors"])


@pytest.mark.parametrize(
    "qualifier",
    [
        "unknown",
        APP_KEY.upper(),
        f"{APP_KEY}-",
        CAMPAIGN,
        "\uff41p56921D",  # a full-width a
        "ap56921\u0410",  # a Cyrillic letter
        "ap56921D\u0301",
    ],
)
async def test_an_app_key_that_the_database_does_not_have_is_a_404(unchanged: Tenant, qualifier: str) -> None:
    """One of another database, of another case or of the other channel is unknown too."""
    for method, path, body in in_paths(unchanged, f"PUSH-{quote(qualifier)}/{DEVICE}".encode()):
        code = "qualifier-unknown" if method == "PUT" else "device-not-found"
        await refusal(unchanged, await send(unchanged, method, path, body), 404, code, secrets=[DEVICE])
    for answer in await in_bodies(unchanged, "PUSH", qualifier, DEVICE):
        await refusal(unchanged, answer, 404, "qualifier-unknown", secrets=[DEVICE])


async def test_a_campaign_that_the_database_does_not_have_is_a_404(unchanged: Tenant) -> None:
    for method, path, body in in_paths(unchanged, f"SMS-{APP_KEY}/{PHONE}".encode()):
        code = "qualifier-unknown" if method == "PUT" else "device-not-found"
        await refusal(unchanged, await send(unchanged, method, path, body), 404, code, secrets=[PHONE[1:]])
    for answer in await in_bodies(unchanged, "SMS", APP_KEY, PHONE):
        await refusal(unchanged, answer, 404, "qualifier-unknown", secrets=[PHONE[1:]])
