"""`make screenshots`: the pictures that the README shows."""

import asyncio
import tempfile
from pathlib import Path

from tests.pictures.taking import take

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="onefold-pictures-") as folder:
        asyncio.run(take(Path(folder), PICTURES))


if __name__ == "__main__":
    main()
