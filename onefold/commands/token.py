"""`onefold token`: bearer tokens for services and people."""

import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from domain.text import flaw
from onefold.commands.failures import CommandFailed
from onefold.commands.output import Json, cell, console, print_json, table
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from store.engine import Store
    from store.tokens import Scope, TokenRow

LONGEST = 365
SCOPES = (
    "contacts:read, contacts:write, merges:read, merges:request, databases:read, databases:write"
    ", admin (includes all others)"
)
_OWNER_LENGTH = 255

app = typer.Typer(no_args_is_help=True, help="Bearer tokens for services and people.")


class Kind(StrEnum):
    SERVICE = "service"
    PERSON = "person"


@app.command()
def create(
    owner: Annotated[str, typer.Option(help="The service or person that the token belongs to.")],
    kind: Annotated[Kind, typer.Option(help="What the owner is.")],
    scope: Annotated[list[str], typer.Option(help=f"What the token may do; repeatable: {SCOPES}.")],
    database: Annotated[
        list[int] | None, typer.Option(help="A database it reaches; repeatable.", min=1, max=2**63 - 1)
    ] = None,
    all_databases: Annotated[bool, typer.Option("--all-databases", help="It reaches every database.")] = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How long it is valid.")] = 90,
    as_json: Json = False,
) -> None:
    """Create a token. It is printed once, alone on standard output; only its hash is stored."""
    from store.tokens import new_token

    if fault := flaw(owner, _OWNER_LENGTH):
        raise typer.BadParameter(f"the owner {fault}.", param_hint="--owner")
    if bool(database) == all_databases:
        raise typer.BadParameter("name each database, or give --all-databases instead.", param_hint="--database")
    bearer, scopes, expires = new_token(), _scopes(scope), datetime.now(UTC) + timedelta(days=days)
    reach = None if all_databases else sorted(set(database or ()))
    in_store(lambda store: _create(store, bearer, owner, kind, scopes, reach, expires))
    row = {
        "id": _id(bearer),
        "token": bearer,
        "owner": owner,
        "kind": kind.value,
        "scopes": sorted(scopes),
        "databaseIds": reach,
        "expires": expires.replace(microsecond=0),
    }
    if as_json:
        print_json(row)
        return
    typer.echo(bearer)
    sys.stdout.flush()
    typer.echo(f"This is the only time it is shown. It expires on {expires:%Y-%m-%d}.", err=True)
    typer.echo(f"To revoke it: onefold token revoke {_id(bearer)}", err=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all tokens, the revoked and expired ones too. Their secrets are not stored."""
    from store import tokens

    rows = in_store(tokens.list_all)
    if as_json:
        print_json({"tokens": [_document(row) for row in rows]})
        return
    if not rows:
        typer.echo("There are no tokens yet: `onefold token create --help` says how to make one.")
        return
    shown = table("Id", "Owner", "Scopes", "Databases", "State", whole=["Id"])
    for row in rows:
        shown.add_row(
            row.id,
            cell(f"{row.owner} ({row.owner_kind})"),
            ", ".join(row.scopes),
            "all" if row.database_ids is None else ", ".join(str(one) for one in row.database_ids),
            _state(row),
        )
    console().print(shown)


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `onefold token list` shows.")],
) -> None:
    """Revoke a token: the next call with it is refused."""
    from store import tokens

    name = _id(token_id) if token_id.startswith("of_") else token_id
    if not in_store(lambda store: tokens.revoke(store, name)):
        raise CommandFailed("token-not-found", f"There is no valid token {name}: unknown, or revoked before.")
    typer.echo(f"Token {name} is revoked.")


async def _create(
    store: "Store",
    bearer: str,
    owner: str,
    kind: Kind,
    scopes: "set[Scope]",
    reach: list[int] | None,
    expires: datetime,
) -> None:
    from store import databases, tokens

    for database_id in reach or ():
        await databases.get(store, database_id)
    await tokens.create(
        store, bearer, owner=owner, owner_kind=kind.value, scopes=scopes, database_ids=reach, expires=expires
    )


def _scopes(given: list[str]) -> "set[Scope]":
    from store.tokens import Scope

    known = {scope.value: scope for scope in Scope}
    if unknown := [name for name in given if name not in known]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}.", param_hint="--scope")
    return {known[name] for name in given}


def _id(bearer: str) -> str:
    return bearer.split("_")[1]


def _state(row: "TokenRow") -> str:
    if row.revoked is not None:
        return f"revoked {row.revoked:%Y-%m-%d}"
    return f"{'expired' if row.expires <= datetime.now(UTC) else 'valid until'} {row.expires:%Y-%m-%d}"


def _document(row: "TokenRow") -> dict[str, object]:
    return {
        "id": row.id,
        "owner": row.owner,
        "kind": row.owner_kind,
        "scopes": list(row.scopes),
        "databaseIds": None if row.database_ids is None else list(row.database_ids),
        "created": row.created,
        "expires": row.expires,
        "revoked": row.revoked,
    }
