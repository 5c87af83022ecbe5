"""`onefold user`: people, and what they may in which database."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from domain.roles import Role
from domain.text import flaw
from onefold.commands.failures import UNKNOWN, CommandFailed
from onefold.commands.output import Json, cell, console, print_json, table
from onefold.commands.running import in_store
from onefold.typed import typed

if TYPE_CHECKING:
    from store.engine import Store
    from store.people import GivenRole, Person

_NAME_LENGTH = 255
_ROLES = "A requester asks for merges, a specialist decides on them, an auditor reads, an admin sets up."

app = typer.Typer(no_args_is_help=True, help="People and their roles.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address; case does not count.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="What others see of them.")],
    as_json: Json = False,
) -> None:
    """Add a person. They may do nothing until they are given a role."""
    from store import people

    if fault := flaw(name, _NAME_LENGTH):
        raise typer.BadParameter(f"the name {fault}.", param_hint="--name")
    person_id = in_store(lambda store: people.add(store, email, name))
    if as_json:
        print_json({"id": person_id})
    else:
        typer.echo(f"Added {name}. To give them a role: {typed(f'user role {email} ROLE --database N')}")


@app.command()
def role(
    email: Email,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help=_ROLES)],
    database: Annotated[int | None, typer.Option(help="The database it is for.", min=1, max=2**63 - 1)] = None,
    all_databases: Annotated[bool, typer.Option("--all-databases", help="It is for every database.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away, from now on.")] = False,
) -> None:
    """Give a role, or take it away, from the next call on. What they approved and has not happened yet needs it too."""
    if (database is not None) == all_databases:
        raise typer.BadParameter("name a database, or give --all-databases instead.", param_hint="--database")
    if remove:
        in_store(lambda store: _take(store, email, role, database))
        typer.echo(f"{email} is no longer {role.value} in {_where(database)}.")
    else:
        in_store(lambda store: _give(store, email, role, database))
        typer.echo(f"{email} is {role.value} in {_where(database)}.")


@app.command()
def disable(email: Email) -> None:
    """Refuse a person's own tokens, and merges that they approved. A service that they answer for goes on."""
    in_store(lambda store: _disable(store, email))
    typer.echo(f"{email} is disabled. To undo it: {typed(f'user enable {email}')}")


@app.command()
def enable(email: Email) -> None:
    """Let a disabled person in again, with the roles and tokens that they had."""
    in_store(lambda store: _enable(store, email))
    typer.echo(f"{email} is enabled.")


@app.command()
def password(email: Email) -> None:
    """Set somebody's password, asked for twice and never shown; read from standard input where it is no terminal.

    Their open sessions end.
    """
    if sys.stdin.isatty():
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        given = sys.stdin.readline().rstrip("\n")
    in_store(lambda store: _set_password(store, email, given))
    typer.echo(f"{email} has a new password. Sessions that were open have ended.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List everybody, the disabled too."""
    from store import people

    found = in_store(people.list_all)
    if as_json:
        print_json({"people": [_document(person) for person in found]})
        return
    if not found:
        typer.echo(f"There is nobody yet: `{typed('user add EMAIL --name NAME')}` adds a person.")
        return
    shown = table("E-mail", "Name", "Roles", "State")
    for person in found:
        state = "disabled" if person.disabled else "enabled"
        shown.add_row(cell(person.email), cell(person.name), _roles(person.roles), state)
    console().print(shown)


async def _give(store: "Store", email: str, role: Role, database_id: int | None) -> None:
    from store import people

    person = await people.find(store, email)
    await people.give_role(store, person.id, role, database_id)


async def _take(store: "Store", email: str, role: Role, database_id: int | None) -> None:
    from store import people

    person = await people.find(store, email)
    if not await people.take_role(store, person.id, role, database_id):
        raise CommandFailed(
            "role-not-given",
            f"{email} was not given the role {role.value} for {_where(database_id)}: see `{typed('user list')}`.",
            UNKNOWN,
        )


async def _disable(store: "Store", email: str) -> None:
    from store import people

    person = await people.find(store, email)
    await people.disable(store, person.id)


async def _set_password(store: "Store", email: str, given: str) -> None:
    from store import passwords, people, sessions

    await passwords.set_password(store, email, given)
    person = await people.find(store, email)
    await sessions.end_all(store, person.id)


async def _enable(store: "Store", email: str) -> None:
    from store import people

    person = await people.find(store, email)
    await people.enable(store, person.id)


def _where(database_id: int | None) -> str:
    return "every database" if database_id is None else f"database {database_id}"


def _roles(given: "tuple[GivenRole, ...]") -> str:
    """`specialist in 10000 and 20000`, a line for each role."""
    where = {role: [str(one.database_id or "all") for one in given if one.role is role] for role in Role}
    return "\n".join(f"{role.value} in {' and '.join(places)}" for role, places in where.items() if places) or "none"


def _document(person: "Person") -> dict[str, object]:
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "roles": [{"role": one.role.value, "databaseId": one.database_id} for one in person.roles],
        "created": person.created,
        "disabled": person.disabled,
    }
