"""Whether a port can be had, asked before anything is started on it."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A port somebody will listen on, and the variable that chooses another."""

    purpose: str
    host: str
    port: int
    variable: str


def complaints(wanted: Sequence[Wanted]) -> list[str]:
    """One sentence for each port that cannot be had, none if all can."""
    found = []
    by_port: dict[int, Wanted] = {}
    for one in wanted:
        other = by_port.setdefault(one.port, one)
        if other is not one:
            found.append(f"{other.variable} and {one.variable} both name port {one.port}: set one of them to another.")
        elif reason := why_not(one):
            found.append(reason)
    return found


def why_not(wanted: Wanted) -> str | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return sentence(wanted, error)
    return None


def sentence(wanted: Wanted, error: OSError) -> str:
    where = f"Port {wanted.port} on {wanted.host}, wanted for {wanted.purpose},"
    choose = f"set {wanted.variable} to another port"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken: stop what listens there or {choose}."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} may not be opened by this user: {choose}, from 1024 on."
    return f"{where} cannot be opened ({error.strerror or error}): {choose} or correct the host."
