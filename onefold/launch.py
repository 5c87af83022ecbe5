"""Becomes one child of the supervisor: leaves root where asked, ties its life to its parent's, then is the command.

Run as `python -I -S launch.py OPTIONS COMMAND...`. A program of its own, because code between fork and exec
may deadlock in a parent that has threads, and because the order of these steps matters.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


class CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilitySet(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


libc = ctypes.CDLL(None, use_errno=True)


def checked(call: str, *arguments: Any) -> None:
    if getattr(libc, call)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


def prctl(option: int, *values: int) -> None:
    padded = (*values, 0, 0, 0, 0)[:4]
    checked("prctl", option, *(ctypes.c_ulong(value) for value in padded))


def become(uid: int, gid: int, capability: int) -> None:
    """Leaves root for good, keeping one capability that survives exec (an ambient one)."""
    prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    mask = 1 << capability
    sets = (CapabilitySet * 2)(CapabilitySet(mask, mask, mask))  # the second holds capabilities from 32 on
    header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
    checked("capset", ctypes.byref(header), ctypes.byref(sets))
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def main(options: dict[str, Any], command: list[str]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if options["account"] is not None:
        become(**options["account"])
    # Changing the user clears the death signal, so this comes after it; a parent that died before is seen by its pid.
    prctl(PR_SET_PDEATHSIG, options["death_signal"])
    if os.getppid() != options["parent"]:
        sys.exit("the process that started this one is already gone")
    os.execv(command[0], command)  # noqa: S606 no shell is the point


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        sys.exit(f"cannot start {sys.argv[2]}: {error}")
