"""The user that PostgreSQL runs as, which refuses to be root (docs/decisions/0001-embedded-postgres-as-root.md)."""

import os
import pwd
from pathlib import Path

from onefold.children import Account, ChildFailed

CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID = 0, 1, 2, 6, 7


def account_for(folder: Path) -> Account | None:
    """None for an ordinary user, who stays who they are. For root: the folder's owner, or `nobody` for a new folder."""
    if os.geteuid() != 0:
        return None
    capability = capability_to_keep(effective_capabilities())
    uid, gid = owner_of(folder) or nobody()
    if not mapped(uid):
        raise NoOtherUser(f"user {uid} does not exist in this user namespace")
    return Account(uid, gid, capability)


class NoOtherUser(ChildFailed):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"PostgreSQL refuses to run as root, and root cannot run it as another user here ({reason}):"
            " run this as an ordinary user, or set DATABASE_URL to a server of your own."
        )


def owner_of(folder: Path) -> tuple[int, int] | None:
    if not folder.exists() or folder.stat().st_uid == 0:
        return None
    return folder.stat().st_uid, folder.stat().st_gid


def nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise NoOtherUser("there is no user `nobody`") from None
    return entry.pw_uid, entry.pw_gid


def mapped(uid: int) -> bool:
    """A rootless container may know no user but its root."""
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    return any(int(first) <= uid < int(first) + int(count) for first, _, count in ranges)


def capability_to_keep(effective: int) -> int:
    """What lets the server reach its files below root's closed folders: reading alone where that can be had."""
    if all(effective >> needed & 1 for needed in (CAP_CHOWN, CAP_SETGID, CAP_SETUID)):
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
            if effective >> capability & 1:
                return capability
    raise NoOtherUser("this container took the right to from root")


def effective_capabilities() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
