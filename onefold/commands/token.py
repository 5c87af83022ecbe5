"""`onefold token`: bearer tokens for services and people."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from domain.text import flaw
from onefold.commands.failures import REFUSED, UNKNOWN, CommandFailed
from onefold.commands.output import Json, cell, console, print_json, table
from onefold.commands.running import in_store
from onefold.typed import typed

if TYPE_CHECKING:
    from store.engine import Store
    from store.tokens import Scope, TokenRow

LONGEST = 365
SCOPES = (
    "contacts:read, contacts:write, merges:read, merges:request, databases:read, databases:write"
    ", admin (includes all others)"
)
_SERVICE_LENGTH = 255

app = typer.Typer(no_args_is_help=True, help="Bearer tokens for services and people.")


@app.command()
def create(
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="The service it is for; needs --scope and databases.")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            metavar="EMAIL",
            help="Whose own token it is; with --service, who answers for the service: needed if it may request merges.",
        ),
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(help=f"What a service may do; repeatable: {SCOPES}.")] = None,
    database: Annotated[
        list[int] | None, typer.Option(help="A database that a service reaches; repeatable.", min=1, max=2**63 - 1)
    ] = None,
    all_databases: Annotated[bool, typer.Option("--all-databases", help="A service reaches every database.")] = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How long it is valid.")] = 90,
    as_json: Json = False,
) -> None:
    """Create a token for a service, or a person's own, which may do what their roles say at the time.

    It is printed once, alone on standard output; only its hash is stored.
    """
    from store.tokens import new_token

    bearer, expires = new_token(), datetime.now(UTC) + timedelta(days=days)
    row: dict[str, object] = {"id": _id(bearer), "token": bearer, "expires": expires.replace(microsecond=0)}
    if service is not None:
        grant = _grant(service, scope or [], database or [], all_databases=all_databases)
        in_store(lambda store: _create_for_service(store, bearer, grant, person, expires))
        row |= {"service": service, "scopes": sorted(grant.scopes), "databaseIds": grant.database_ids}
    elif person is None:
        raise typer.BadParameter("name the service or the person that it is for.", param_hint="--service, --person")
    elif scope or database or all_databases:
        raise typer.BadParameter("a person's token follows their roles.", param_hint="--scope, --database")
    else:
        in_store(lambda store: _create_for_person(store, bearer, person, expires))
    if as_json:
        print_json({**row, "person": person})
        return
    typer.echo(bearer)
    sys.stdout.flush()
    typer.echo(f"This is the only time it is shown. It expires on {expires:%Y-%m-%d}.", err=True)
    typer.echo(f"To revoke it: {typed(f'token revoke {_id(bearer)}')}", err=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all tokens, the revoked and expired ones too. Their secrets are not stored."""
    from store import tokens

    rows = in_store(tokens.list_all)
    if as_json:
        print_json({"tokens": [_document(row) for row in rows]})
        return
    if not rows:
        typer.echo(f"There are no tokens yet: `{typed('token create --help')}` says how to make one.")
        return
    shown = table("Id", "Owner", "Scopes", "Databases", "State", whole=["Id"])
    for row in rows:
        shown.add_row(
            row.id,
            _owner(row),
            *_reach(row),
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
        raise CommandFailed("token-not-found", f"There is no valid token {name}: unknown, or revoked before.", UNKNOWN)
    typer.echo(f"Token {name} is revoked.")


@dataclass(frozen=True)
class _Grant:
    """What a service may do, and where; `database_ids` None: everywhere."""

    service: str
    scopes: "set[Scope]"
    database_ids: list[int] | None


def _grant(service: str, scopes: list[str], database_ids: list[int], *, all_databases: bool) -> _Grant:
    if fault := flaw(service, _SERVICE_LENGTH):
        raise typer.BadParameter(f"the service's name {fault}.", param_hint="--service")
    if not scopes:
        raise typer.BadParameter("say what the service may do.", param_hint="--scope")
    if bool(database_ids) == all_databases:
        raise typer.BadParameter("name each database, or give --all-databases instead.", param_hint="--database")
    return _Grant(service, _scopes(scopes), None if all_databases else sorted(set(database_ids)))


def _scopes(given: list[str]) -> "set[Scope]":
    from store.tokens import Scope

    known = {scope.value: scope for scope in Scope}
    if unknown := [name for name in given if name not in known]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {SCOPES}.", param_hint="--scope")
    return {known[name] for name in given}


async def _create_for_service(store: "Store", bearer: str, grant: _Grant, email: str | None, expires: datetime) -> None:
    from store import databases, people, tokens

    for database_id in grant.database_ids or ():
        await databases.get(store, database_id)
    await tokens.create_for_service(
        store,
        bearer,
        service=grant.service,
        scopes=grant.scopes,
        database_ids=grant.database_ids,
        expires=expires,
        person_id=None if email is None else (await people.find(store, email)).id,
    )


async def _create_for_person(store: "Store", bearer: str, email: str, expires: datetime) -> None:
    from store import people, tokens

    person = await people.find(store, email)
    if person.disabled:
        raise CommandFailed(
            "person-disabled", f"{email} is disabled: `{typed(f'user enable {email}')}` undoes it.", REFUSED
        )
    await tokens.create_for_person(store, bearer, person, expires)


def _id(bearer: str) -> str:
    return bearer.split("_")[1]


def _owner(row: "TokenRow") -> Text:
    if row.owner_kind == "person":
        return cell(row.owner)
    return cell(f"{row.owner} ({row.person} answers)" if row.person else row.owner)


def _reach(row: "TokenRow") -> tuple[str, str]:
    """In words: which scopes, in which databases."""
    if row.owner_kind == "person":
        return "by their roles", "by their roles"
    databases = "all" if row.database_ids is None else ", ".join(str(one) for one in row.database_ids)
    return ", ".join(row.scopes), databases


def _state(row: "TokenRow") -> str:
    if row.revoked is not None:
        return f"revoked {row.revoked:%Y-%m-%d}"
    return f"{'expired' if row.expires <= datetime.now(UTC) else 'valid until'} {row.expires:%Y-%m-%d}"


def _document(row: "TokenRow") -> dict[str, object]:
    """Without scopes and databases for a person: theirs follow from their roles."""
    return {
        "id": row.id,
        "kind": row.owner_kind,
        "person": row.person,
        **(_document_of_service(row) if row.owner_kind == "service" else {}),
        "created": row.created,
        "expires": row.expires,
        "revoked": row.revoked,
    }


def _document_of_service(row: "TokenRow") -> dict[str, object]:
    database_ids = None if row.database_ids is None else list(row.database_ids)
    return {"service": row.owner, "scopes": list(row.scopes), "databaseIds": database_ids}
