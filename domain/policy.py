"""What a database demands of a merge: versioned data, pinned by every plan."""

from dataclasses import dataclass
from enum import StrEnum


class SurvivorRule(StrEnum):
    """Which row remains. The seed's FAQ and example keep the device contact."""

    DEVICE_CONTACT = "device-contact"
    LOOKUP_CONTACT = "lookup-contact"
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class Policy:
    """`required_columns` and `lookup_keys` are names, sorted; only active lookup keys count."""

    version: int
    survivor: SurvivorRule = SurvivorRule.DEVICE_CONTACT
    required_columns: tuple[str, ...] = ()
    lookup_keys: tuple[str, ...] = ()


def policy_document(policy: Policy) -> dict[str, object]:
    return {
        "version": policy.version,
        "survivor": policy.survivor.value,
        "requiredColumns": list(policy.required_columns),
        "lookupKeys": list(policy.lookup_keys),
    }
