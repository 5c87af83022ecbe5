import io
from typing import Any

import pytest
from rich.console import Console

from domain.plan import plan_document
from onefold.commands.output import console
from onefold.commands.plan_table import print_plan
from tests.contacts import device_contact, lookup_contact, merged


def printed(width: int = 80, **older_and_newer: Any) -> str:
    """The plan of a merge; each option is a custom column with the older's value and the newer's."""
    older = {name: values[0] for name, values in older_and_newer.items() if values[0] is not None}
    newer = {name: values[1] for name, values in older_and_newer.items() if values[1] is not None}
    plan = merged(device_contact(custom=newer), lookup_contact(custom=older))
    to = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    print_plan(to, plan_document(plan, with_digest=True))
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def fields(text: str) -> list[str]:
    """The first words of the table's lines, in their order."""
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("Field"))
    end = next(number for number, line in enumerate(lines) if line.startswith("Identity  Older"))
    return [line.split()[0] for line in lines[head + 2 : end] if line.strip()]


def test_lost_values_come_first() -> None:
    assert fields(printed(A=("1", None), B=("1", "2")))[:3] == ["B", "created", "lastModified"]
    assert "A value is lost in 1 field, listed first:" in printed(B=("1", "2"))


def test_equal_and_null_rows_are_folded_with_a_count() -> None:
    text = printed(Same=("1", "1"), Other=("2", "2"))
    assert "2 fields the same in both: Other, Same" in text
    assert "7 fields null in both: email, emailType, optInDetails, leadSource, crmSyncId" in text
    assert "Same" not in fields(text)


def test_a_long_value_wraps_and_is_never_cut() -> None:
    value = "".join(f"{number:05d}" for number in range(400))
    text = printed(Note=(value, "short"))
    lines = text.splitlines()
    head = next(line for line in lines if line.startswith("Field"))
    column = slice(head.index("Older"), head.index("Newer"))
    begin = next(number for number, line in enumerate(lines) if line.startswith("Note"))
    shown = ""
    for line in lines[begin:]:
        if not line[column].strip():
            break
        shown += line[column].strip()
    assert shown == value
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = printed(width, **{"A rather long name of a column": ("x" * 300, "y" * 300)})
    assert max(map(len, text.splitlines())) <= width


def test_a_terminal_that_is_too_narrow_for_a_table_wraps_it_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert console().width == 60


def test_hidden_characters_show_their_code_points() -> None:
    text = printed(200, Note=("a\u202eb", "\x1b[2J\n"))
    assert "a<U+202E>b" in text
    assert "<U+001B>[2J<U+000A>" in text
    assert not {"\u202e", "\x1b"} & set(text)


def test_an_absent_value_and_the_word_null_look_different() -> None:
    text = printed(A=("null", "x"), B=("", "y"), C=(None, " z"))
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line[:1] in {"A", "B", "C"}}
    assert rows["A"][0] == '"null"'
    assert rows["B"][0] == '""'
    assert rows["C"][:3] == ["null", '"', 'z"']


def test_a_value_is_not_markup() -> None:
    text = printed(200, Note=("[bold]x[/bold]", ":smile: [link=http://x]y[/link]"))
    assert "[bold]x[/bold]" in text
    assert ":smile: [link=http://x]y[/link]" in text
