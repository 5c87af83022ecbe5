"""Files that only their owner reads."""

import os
from pathlib import Path


def make_private_folder(path: Path) -> None:
    """Makes it 0700; one that is there already keeps the mode somebody gave it, and so does every parent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step, so that nobody ever reads half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
