"""`onefold database`: what a database holds. An onboarding specialist starts here."""

from typing import TYPE_CHECKING, Annotated

import typer

from domain.policy_words import approval_facts
from onefold.commands import database_parts as parts
from onefold.commands.output import Json, cell, console, print_facts, print_json, table
from onefold.commands.running import in_store
from onefold.typed import typed

if TYPE_CHECKING:
    from store.databases import Database
    from store.engine import Store

app = typer.Typer(no_args_is_help=True, help="Databases, their columns, lookup keys, app keys and campaigns.")
app.add_typer(parts.column, name="column")
app.add_typer(parts.lookup_key, name="lookup-key")
app.add_typer(parts.app_key, name="app-key")
app.add_typer(parts.campaign, name="campaign")


@app.command()
def create(
    name: parts.Name,
    database_id: Annotated[
        int | None, typer.Option("--id", min=1, max=2**53, help="Its id; chosen for you if not given.")
    ] = None,
    keyed: Annotated[
        bool, typer.Option("--keyed", help="Keyed databases take no establish-identity requests.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create a database. Its merges happen at once, and the device's contact survives them."""
    from store import databases

    parts.check_name(name)
    created = in_store(lambda store: databases.create(store, name, database_id=database_id, keyed=keyed))
    if as_json:
        print_json({"id": created})
    else:
        typer.echo(f"Created database {created}: {name}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all databases."""
    from store import databases

    found = in_store(lambda store: databases.list_all(store, None))
    if as_json:
        print_json({"databases": [{"id": one.id, "name": one.name, "keyed": one.keyed} for one in found]})
        return
    if not found:
        typer.echo(f"There are no databases yet: `{typed('database create NAME')}` makes one.")
        return
    shown = table("Id", "Name", "Keyed", whole=["Id", "Keyed"])
    for one in found:
        shown.add_row(str(one.id), cell(one.name), _yes(one.keyed))
    console().print(shown)


@app.command()
def show(database_id: parts.DatabaseId, as_json: Json = False) -> None:
    """Show its columns, lookup keys, app keys, campaigns and policy, and count its live contacts."""
    found, live = in_store(lambda store: _read(store, database_id))
    if as_json:
        from api.databases import database_document

        print_json({**database_document(found), "liveContacts": live})
    else:
        _show(found, live)


async def _read(store: "Store", database_id: int) -> "tuple[Database, int]":
    from store import databases

    return await databases.get(store, database_id), await databases.count_live_contacts(store, database_id)


def _show(found: "Database", live: int) -> None:
    to = console()
    print_facts(
        to,
        [
            ("Database", str(found.id)),
            ("Name", found.name),
            ("Keyed", "yes: it takes no establish-identity requests" if found.keyed else "no"),
            ("Created", f"{found.created:%Y-%m-%d %H:%M} UTC"),
            ("Live contacts", str(live)),
            ("App keys", ", ".join(found.app_keys) or "none: no PUSH device can register"),
            ("SMS campaigns", ", ".join(found.sms_campaigns) or "none: no SMS device can register"),
            ("Policy", f"version {found.policy.version}; {found.policy.survivor.value} survives"),
            *approval_facts(found.approval),
        ],
    )
    to.print()
    if not found.columns:
        to.print(f"It has no columns: `{typed(f'database column add {found.id} NAME')}` adds one.")
        return
    statuses = {key.name: key.status for key in found.lookup_keys}
    shown = table("Column", "Type", "Required", "Lookup key", whole=["Required", "Lookup key"])
    for column in found.columns:
        kind = ": ".join([column.type.value, *([", ".join(column.selections)] if column.selections else [])])
        shown.add_row(cell(column.name), cell(kind), _yes(column.required), statuses.get(column.name, "no"))
    to.print(shown)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
