"""The parts of a database: columns, lookup keys, app keys, SMS campaigns."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from domain.address import QUALIFIER_LENGTH, Channel
from domain.columns import NAME_LENGTH, Column, ColumnType, check_column
from domain.errors import ValueInvalid
from domain.text import count, flaw
from onefold.commands.output import Json, print_json
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from store.engine import Store
    from store.lookup_keys import Activation

T = TypeVar("T")

column = typer.Typer(no_args_is_help=True, help="The columns of a database.")
lookup_key = typer.Typer(no_args_is_help=True, help="The columns whose values are identities.")
app_key = typer.Typer(no_args_is_help=True, help="The app keys that PUSH devices belong to.")
campaign = typer.Typer(no_args_is_help=True, help="The campaigns that SMS devices belong to.")

DatabaseId = Annotated[int, typer.Argument(metavar="DATABASE", help="The database's id.", min=1, max=2**63 - 1)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Exact: case counts, inner spaces are kept.")]


@column.command("add")
def add_column(
    database_id: DatabaseId,
    name: Name,
    type_: Annotated[ColumnType, typer.Option("--type", help="What its values are.")] = ColumnType.TEXT,
    required: Annotated[bool, typer.Option("--required", help="A merge that would leave it empty is blocked.")] = False,
    selection: Annotated[
        list[str] | None, typer.Option(help="A value that a selection column takes; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a column."""
    from store import databases

    column = Column(name, type_, required, tuple(selection or ()))
    check_column(column)
    for value in column.selections:
        check_name(value, "selections: a selection")
    _in_database(database_id, lambda store: databases.add_column(store, database_id, column))
    if as_json:
        from api.databases import column_document

        print_json(column_document(column))
    else:
        typer.echo(f"Added {'required ' if required else ''}{type_.value} column {name} to database {database_id}.")


@lookup_key.command("put")
def put_lookup_key(database_id: DatabaseId, name: Name, as_json: Json = False) -> None:
    """Make a column a lookup key. It stays CREATE_PENDING while contacts hold equal or unfit values."""
    from store import lookup_keys

    activation = _in_database(database_id, lambda store: lookup_keys.put(store, database_id, name))
    if as_json:
        print_json(_document(database_id, activation))
    else:
        typer.echo(f"Lookup key {name} of database {database_id} is {_told(activation)}")


@app_key.command("add")
def add_app_key(database_id: DatabaseId, name: Name) -> None:
    """Add an app key. Adding it again changes nothing."""
    _add_qualifier(database_id, Channel.PUSH, name)
    typer.echo(f"Database {database_id} has the app key {name}.")


@campaign.command("add")
def add_campaign(database_id: DatabaseId, name: Name) -> None:
    """Add an SMS campaign. Adding it again changes nothing."""
    _add_qualifier(database_id, Channel.SMS, name)
    typer.echo(f"Database {database_id} has the SMS campaign {name}.")


def check_name(name: str, what: str = "name: name", longest: int = NAME_LENGTH) -> None:
    if fault := flaw(name, longest):
        raise ValueInvalid(f"{what} {fault}.")


def _add_qualifier(database_id: int, channel: Channel, name: str) -> None:
    from store import databases

    check_name(name, longest=QUALIFIER_LENGTH)
    _in_database(database_id, lambda store: databases.add_qualifier(store, database_id, channel, name))


def _in_database(database_id: int, work: "Callable[[Store], Awaitable[T]]") -> T:
    """Refuses a database that does not exist, as the API does before it asks the store for anything."""
    from store import databases

    async def checked(store: "Store") -> T:
        await databases.get(store, database_id)
        return await work(store)

    return in_store(checked)


def _document(database_id: int, activation: "Activation") -> dict[str, object]:
    from api.lookup_keys import lookup_key_document

    return {
        **lookup_key_document(database_id, activation.key),
        "duplicateValues": activation.duplicate_values,
        "invalidValues": activation.invalid_values,
    }


def _told(activation: "Activation") -> str:
    if not (activation.duplicate_values or activation.invalid_values):
        return f"{activation.key.status}."
    reasons = []
    if activation.duplicate_values:
        reasons.append(f"{count(activation.duplicate_values, 'value')} that another contact holds too")
    if activation.invalid_values:
        reasons.append(f"{count(activation.invalid_values, 'value')} that no identity can have")
    return f"{activation.key.status}: there is {' and '.join(reasons)}. Mend them and run this again."
