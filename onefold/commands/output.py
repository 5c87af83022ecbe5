"""What commands print: JSON for scripts, tables for people."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.visible import visible
from domain.wire import to_json

NARROWEST = 60
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LOOKS_LIKE_OURS = {"", "null"}


def print_json(document: object) -> None:
    """ASCII only: a value can neither break a terminal nor be lost in a locale."""
    typer.echo(to_json(document, indent=2))


def console() -> Console:
    """Prints values as they are: nothing in them is markup, an emoji's name or a link."""
    made = Console(markup=False, emoji=False, highlight=False)
    made.width = max(made.width, NARROWEST)
    return made


def cell(value: str | None) -> Text:
    """A value, never cut. What could be taken for an absent one is quoted."""
    if value is None:
        return Text("null", style="dim", overflow="fold")
    quoted = value in _LOOKS_LIKE_OURS or value != value.strip() or value.startswith('"')
    return Text(f'"{visible(value)}"' if quoted else visible(value), overflow="fold")


def sentence(text: str) -> Text:
    return Text(visible(text), overflow="fold")


def table(*headings: str, whole: Iterable[str] = ()) -> Table:
    """The columns named in `whole` have short words of ours, which are not broken."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in set(whole))
    return made


def print_facts(to: Console, facts: Sequence[tuple[str, str]]) -> None:
    """Names and what they are, a line each."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, fact in facts:
        made.add_row(name, sentence(fact))
    to.print(made)
