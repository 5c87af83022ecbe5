"""docs/screens.md names a test for each weakness, and the test is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|$", TABLE, re.MULTILINE)
NAMED = [row for row in ROWS if row.startswith("`")]


def test_the_table_is_read() -> None:
    assert len(NAMED) == len(ROWS) - 1 > 20


@pytest.mark.parametrize("named", NAMED)
def test_the_test_that_a_row_names_exists(named: str) -> None:
    path, _, name = named.strip("`").partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
