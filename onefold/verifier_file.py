"""The offline verifier as one file: a zip of the very code that plans and records merges, that Python runs.

The same sources give the same bytes, so that whoever builds it from them can compare what they were handed.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

PACKAGES = ("domain", "ledger", "rfc8785")
_START = b"#!/usr/bin/env python3\n"
_MAIN = b"""import sys

try:
    import cryptography
except ImportError:
    sys.exit("onefold-verify: Python's package `cryptography` is needed: pip install cryptography")

from ledger.offline import main

sys.stdout.reconfigure(errors="backslashreplace")
sys.exit(main())
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say; when it was built is nobody's business


def verifier() -> bytes:
    """The bytes of onefold-verify.pyz. Nothing is compressed: compressors differ from one machine to the next."""
    archive = BytesIO()
    archive.write(_START)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for name, content in sorted(_sources()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system, member.external_attr = 3, 0o644 << 16
            packed.writestr(member, content)
    return archive.getvalue()


def write_verifier(path: Path) -> str:
    """Writes it and returns its SHA-256."""
    content = verifier()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _sources() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN
    for package in PACKAGES:
        folder = _folder(package)
        yield from ((f"{package}/{file.name}", file.read_bytes()) for file in folder.glob("*.py"))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None  # noqa: S101 - it is imported by this very process
    return Path(spec.origin).parent
