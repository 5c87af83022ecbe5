import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from domain.messages import MergeInput, SettleInput
from ledger.keyring import Keyring
from onefold.codec import EncryptingCodec, PlaintextRefused
from onefold.temporal import data_converter

OLD, NEW = bytes(32), bytes(range(32))
CODEC = EncryptingCodec(Keyring({"new": NEW, "old": OLD}))
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'{"merge_id": "albert@jerm.example"}')


async def encoded(payload: Payload = CLEAR, codec: EncryptingCodec = CODEC) -> Payload:
    (sealed,) = await codec.encode([payload])
    return sealed


async def test_what_was_encoded_is_decoded() -> None:
    payloads = [CLEAR, Payload(), Payload(metadata={"a": b"b"}, data=bytes(100_000))]
    assert await CODEC.decode(await CODEC.encode(payloads)) == payloads


async def test_nothing_of_a_payload_stays_readable_not_even_its_metadata() -> None:
    sealed = await encoded()
    assert dict(sealed.metadata) == {"encoding": b"binary/encrypted", "key-id": b"new"}
    for word in (b"albert", b"json/plain", b"merge_id"):
        assert word not in sealed.SerializeToString()


async def test_equal_payloads_are_encoded_differently_each_time() -> None:
    assert len({(await encoded()).data for _ in range(20)}) == 20


async def test_an_old_key_still_decodes_and_the_first_one_encodes() -> None:
    old = await encoded(codec=EncryptingCodec(Keyring({"old": OLD})))
    assert old.metadata["key-id"] == b"old"
    assert await CODEC.decode([old]) == [CLEAR]
    assert (await encoded()).metadata["key-id"] == b"new"


async def test_an_unknown_key_is_refused() -> None:
    foreign = await encoded(codec=EncryptingCodec(Keyring({"foreign": NEW})))
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([foreign])


async def test_another_key_under_a_known_name_is_refused() -> None:
    forged = await encoded(codec=EncryptingCodec(Keyring({"new": secrets.token_bytes(32)})))
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([forged])


async def test_a_payload_cannot_be_passed_off_as_one_of_another_key() -> None:
    """The key's id is authenticated: with equal keys under two ids, it still is the one that was used."""
    codec = EncryptingCodec(Keyring({"a": NEW, "b": NEW}))
    sealed = await encoded(codec=codec)
    sealed.metadata["key-id"] = b"b"
    with pytest.raises(PlaintextRefused):
        await codec.decode([sealed])


async def test_what_says_that_it_is_plain_is_refused_though_it_is_not() -> None:
    sealed = await encoded()
    sealed.metadata["encoding"] = b"json/plain"
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([sealed])


@pytest.mark.parametrize(
    "payload",
    [
        CLEAR,
        Payload(),
        Payload(metadata={"encoding": b"binary/null"}),
        Payload(metadata={"encoding": b"json/plain", "key-id": b"new"}, data=b"{}"),
        Payload(metadata={"encoding": b"binary/encrypted"}, data=bytes(40)),
        Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"\xff"}, data=bytes(40)),
        Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"new"}),
        Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"new"}, data=b"short"),
        Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"new"}, data=bytes(12)),
        Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"new"}, data=bytes(28)),
    ],
)
async def test_plaintext_and_whatever_else_was_not_encoded_here_is_refused(payload: Payload) -> None:
    with pytest.raises(PlaintextRefused) as refused:
        await CODEC.decode([payload])
    assert "albert" not in f"{refused.value!r} {refused.value.__cause__}"


async def test_one_plaintext_among_many_refuses_all() -> None:
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([await encoded(), CLEAR])


@given(st.data())
async def test_a_changed_bit_is_refused(data: st.DataObject) -> None:
    sealed = await encoded()
    at = data.draw(st.integers(0, len(sealed.data) * 8 - 1))
    flipped = bytearray(sealed.data)
    flipped[at // 8] ^= 1 << at % 8
    sealed.data = bytes(flipped)
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([sealed])


@given(st.integers(0, 80))
async def test_a_truncated_payload_is_refused(length: int) -> None:
    sealed = await encoded()
    sealed.data = sealed.data[: min(length, len(sealed.data) - 1)]
    with pytest.raises(PlaintextRefused):
        await CODEC.decode([sealed])


async def test_the_converter_encodes_messages_and_the_texts_of_failures() -> None:
    converter = data_converter(Keyring({"new": NEW}))
    payloads = await converter.encode([MergeInput("m"), SettleInput("f")])
    assert {payload.metadata["encoding"] for payload in payloads} == {b"binary/encrypted"}
    assert await converter.decode(payloads, [MergeInput, SettleInput]) == [MergeInput("m"), SettleInput("f")]
    with pytest.raises(PlaintextRefused):
        await converter.decode(await DataConverter.default.encode([MergeInput("m")]))
    assert converter.failure_converter._encode_common_attributes  # type: ignore[attr-defined]
