"""People and their roles. Whoever decides or audits is one of them, known by an e-mail address in lower case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact_input import is_email
from domain.errors import DatabaseNotFound, EmailInvalid, NameTaken, PersonNotFound, RoleMissing
from domain.roles import Role
from domain.text import flaw
from ledger.events import Event, EventKind
from store import journal, reviews
from store.engine import Store
from store.reach import reached_by, reached_by_person
from store.tables import databases, people, roles

_PEOPLE = """
    SELECT p.id, p.email, p.name, p.created, p.disabled, (
      SELECT jsonb_agg(jsonb_build_array(r.role, r.database_id) ORDER BY r.database_id NULLS FIRST, r.role)
      FROM roles r WHERE r.person_id = p.id
    ) AS roles
    FROM people p
"""
_FIND = text(_PEOPLE + "WHERE p.email = :email")
_LIST = text(
    _PEOPLE
    + """
    WHERE CAST(:reach AS bigint[]) IS NULL OR EXISTS (
      SELECT FROM roles r WHERE r.person_id = p.id AND (r.database_id IS NULL OR r.database_id = ANY(:reach))
    )
    ORDER BY p.email
"""
)
# Locked until the caller's transaction ends: whoever takes the role away, or disables the person, waits for it. Once
# that was answered, nothing more is committed in the role's name.
_HAS_ROLE = text("""
    SELECT r.id FROM people p JOIN roles r ON r.person_id = p.id
    WHERE p.id = :person_id AND p.disabled IS NULL
      AND r.role = :role AND (r.database_id IS NULL OR r.database_id = :database_id)
    FOR SHARE
""")


@dataclass(frozen=True)
class GivenRole:
    """`database_id` None: in every database."""

    role: Role
    database_id: int | None


@dataclass(frozen=True)
class Person:
    """`disabled` is since when they may do nothing; their roles stay for the day they come back."""

    id: int
    email: str
    name: str
    created: datetime
    disabled: datetime | None
    roles: tuple[GivenRole, ...]


async def add(store: Store, email: str, name: str) -> int:
    """A new person, without a role; returns the id. Raises EmailInvalid, or NameTaken for a known address."""
    address = _folded(email)
    if not is_email(address) or flaw(address, len(address)):
        raise EmailInvalid
    async with store.transaction() as connection:
        added = await connection.execute(
            upsert(people).values(email=address, name=name).on_conflict_do_nothing().returning(people.c.id)
        )
        person_id = added.scalar()
    if person_id is None:
        raise NameTaken("A person with this e-mail address exists.")
    return int(person_id)


async def find(store: Store, email: str) -> Person:
    """Upper and lower case are the same. Raises PersonNotFound."""
    async with store.transaction() as connection:
        row = (await connection.execute(_FIND, {"email": _folded(email)})).one_or_none()
    if row is None:
        raise PersonNotFound
    return _person(row)


async def list_all(store: Store, reach: Sequence[int] | None = None) -> list[Person]:
    """Who has a role in one of these databases, the disabled too, by e-mail address; None: everybody."""
    async with store.transaction() as connection:
        return [_person(row) for row in await connection.execute(_LIST, {"reach": reach})]


async def disable(store: Store, person_id: int, by: str | None = None) -> None:
    """Their own tokens are refused from the next call on, and so is a merge on their decision that has not happened.

    What they claimed is nobody's again. `by`, as below, is the token of whoever does it; None: the operator.
    """
    async with store.transaction() as connection:
        await reviews.release_before_disabling(connection, person_id, by)
        disabled = await connection.execute(
            update(people)
            .where(people.c.id == person_id, people.c.disabled.is_(None))
            .values(disabled=func.now())
            .returning(people.c.id)
        )
        if disabled.one_or_none() is not None:
            await _record_of(connection, EventKind.PERSON_DISABLED, person_id, by)


async def enable(store: Store, person_id: int, by: str | None = None) -> None:
    """With the roles and tokens that they have."""
    async with store.transaction() as connection:
        enabled = await connection.execute(
            update(people)
            .where(people.c.id == person_id, people.c.disabled.is_not(None))
            .values(disabled=None)
            .returning(people.c.id)
        )
        if enabled.one_or_none() is not None:
            await _record_of(connection, EventKind.PERSON_ENABLED, person_id, by)


async def give_role(store: Store, person_id: int, role: Role, database_id: int | None, by: str | None = None) -> None:
    """Giving it again changes nothing. `database_id` None: in every database. Raises DatabaseNotFound."""
    async with store.transaction() as connection:
        if database_id is not None:
            await _demand_database(connection, database_id)
        given = await connection.execute(
            upsert(roles)
            .values(person_id=person_id, role=role.value, database_id=database_id)
            .on_conflict_do_nothing()
            .returning(roles.c.id)
        )
        if given.one_or_none() is not None:
            await _record_role(connection, EventKind.ROLE_GIVEN, person_id, role, database_id, by)


async def take_role(store: Store, person_id: int, role: Role, database_id: int | None, by: str | None = None) -> bool:
    """Whether they had been given exactly this: None takes what was given for every database, and nothing else.

    What they claimed and may not decide on any more is nobody's again.
    """
    async with store.transaction() as connection:
        if role is Role.SPECIALIST:
            await reviews.release_before_taking(connection, person_id, database_id, by)
        taken = await connection.execute(
            delete(roles)
            .where(
                roles.c.person_id == person_id,
                roles.c.role == role.value,
                roles.c.database_id.is_not_distinct_from(database_id),
            )
            .returning(roles.c.id)
        )
        was_given = taken.one_or_none() is not None
        if was_given:
            await _record_role(connection, EventKind.ROLE_TAKEN, person_id, role, database_id, by)
    return was_given


async def demand_role(connection: AsyncConnection, person_id: int, database_id: int, role: Role) -> None:
    """Raises RoleMissing unless the person is enabled and has the role in the database, until the transaction ends."""
    asked = {"person_id": person_id, "database_id": database_id, "role": role.value}
    if (await connection.execute(_HAS_ROLE, asked)).first() is None:
        raise RoleMissing


async def _record_of(connection: AsyncConnection, kind: EventKind, person_id: int, by: str | None) -> None:
    """Wherever the person has a role."""
    reached = await reached_by_person(connection, person_id)
    await journal.record(connection, *(Event(kind, one, token_id=by, detail={"person": person_id}) for one in reached))


async def _record_role(
    connection: AsyncConnection, kind: EventKind, person_id: int, role: Role, database_id: int | None, by: str | None
) -> None:
    detail = {"person": person_id, "role": role.value, "everywhere": database_id is None}
    reached = await reached_by(connection, None if database_id is None else [database_id])
    await journal.record(connection, *(Event(kind, one, token_id=by, detail=detail) for one in reached))


async def _demand_database(connection: AsyncConnection, database_id: int) -> None:
    if (await connection.execute(select(databases.c.id).where(databases.c.id == database_id))).one_or_none() is None:
        raise DatabaseNotFound


def _person(row: Row[Any]) -> Person:
    given = tuple(GivenRole(Role(role), database_id) for role, database_id in row.roles or ())
    return Person(row.id, row.email, row.name, row.created, row.disabled, given)


def _folded(email: str) -> str:
    return email.lower()
