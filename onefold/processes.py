"""Processes that are not our children, read from /proc."""

from pathlib import Path

PROC = Path("/proc")


def started_at(pid: int) -> str | None:
    """When this process started, unique with its pid even across reboots; None if it has ended."""
    try:
        stat = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The command's name is in parentheses and may hold anything, spaces and parentheses too.
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {int(fields[19])}"


def command_line(pid: int) -> bytes:
    """Its words, each with a NUL behind it; nothing if it has ended. Anybody may read it, even in a container."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def titled(prefix: str) -> list[int]:
    """The processes whose command line begins so."""
    pids = (int(folder.name) for folder in PROC.glob("[0-9]*"))
    return [pid for pid in pids if command_line(pid).startswith(prefix.encode())]
