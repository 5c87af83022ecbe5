import base64

import pytest

from ledger.keyring import Keyring

OLD, NEW = bytes(32), bytes(range(32))


def key(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def test_a_keyring_is_read_from_its_setting() -> None:
    ring = Keyring.parse(f"2026:{key(NEW)}, 2025:{key(OLD)}")
    assert list(ring.keys.items()) == [("2026", NEW), ("2025", OLD)]
    assert Keyring.parse(f"a:{key(NEW)}").keys == {"a": NEW}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a",
        "a:",
        f":{key(NEW)}",
        key(NEW),
        f"a:{key(NEW[:31])}",
        f"a:{key(NEW + b'x')}",
        f"a:{key(NEW)[:-1]}",
        f"a:{key(NEW)} b:{key(OLD)}",
        f"a:{key(NEW)},",
        f"a:{key(NEW)},a:{key(OLD)}",
        f"a:{key(NEW)[:-2]}!=",
        f"a:ä{key(NEW)}",
    ],
)
def test_a_keyring_that_cannot_be_used_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        Keyring.parse(text)
    assert key(NEW) not in str(refused.value)


def test_a_keyring_does_not_show_its_keys_where_it_is_printed() -> None:
    assert key(NEW) not in repr(Keyring({"new": NEW}))
    assert repr(NEW) not in repr(Keyring({"new": NEW}))
