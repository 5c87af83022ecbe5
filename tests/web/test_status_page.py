from uuid import UUID

import pytest
from sqlalchemy import text

from domain.findings import Finding, FindingKind
from domain.roles import Role
from store import reconciliation
from store.checkpoint_state import refuse, report_places
from store.migrate import head
from tests.web.looked_up import Library, text_of

pytestmark = pytest.mark.slow


async def test_the_status_tells_what_is_there_and_what_waits(library: Library) -> None:
    shown = text_of(await (await library.visitor(Role.AUDITOR)).read("/status"))
    assert "Ready Everything that a merge needs is there." in shown
    assert f"Schema revision {head()}, the one that this version needs" in shown
    assert "Waits for a person 1" in shown
    assert f"Waits longest {library.open_merge[:8]} in database {library.here.id}, since" in shown
    assert "counted in the databases that you reach" in shown
    assert "Forgotten before 0" in shown


async def test_it_tells_where_checkpoints_go_and_which_chains_are_refused(library: Library) -> None:
    async with library.store.statements() as connection:
        await report_places(connection, {"/mnt/one": None, "https://witness.example": "answers 500"})
    await refuse(library.store, library.here.id, "cut-short", "the chain ends at 3, and had 5 entries")
    shown = text_of(await (await library.visitor(Role.AUDITOR)).read("/status"))
    assert "/mnt/one ok https://witness.example answers 500, since" in shown
    assert f"Database {library.here.id} Refused Nothing is signed since" in shown
    assert "the chain ends at 3, and had 5 entries. Merges go on." in shown
    foreign = text_of(await (await library.visitor(Role.AUDITOR, library.elsewhere.id)).read("/status"))
    assert "Refused" not in foreign


async def test_what_was_given_up_and_what_waits_in_the_outbox_is_counted(library: Library) -> None:
    add = text("""
        INSERT INTO outbox (kind, merge_id, channel, attempts, given_up, due)
        VALUES ('merge.pending', :id, 'webhook', 3, now(), now()),
          ('merge.pending', :id, 'webhook', 1, NULL, 'infinity')
    """)
    async with library.store.statements() as connection:
        await connection.execute(add, {"id": library.open_merge})
    admin = text_of(await (await library.visitor(Role.ADMIN, None)).read("/status"))
    assert "webhook 1 1 1 " in admin
    foreign = text_of(await (await library.visitor(Role.AUDITOR, library.elsewhere.id)).read("/status"))
    assert "Empty: all has been sent." in foreign


async def test_what_is_amiss_is_told_with_what_to_do(library: Library) -> None:
    found = Finding(FindingKind.RUN_MISSING, str(library.open_merge), library.here.id, UUID(str(library.open_merge)))
    unsealed = Finding(FindingKind.EVENTS_UNSEALED, str(library.here.id), library.here.id)
    kinds = {FindingKind.RUN_MISSING, FindingKind.EVENTS_UNSEALED}
    await reconciliation.note(library.store, kinds, [found, unsealed])
    auditor = text_of(await (await library.visitor(Role.AUDITOR)).read("/status"))
    foreign = text_of(await (await library.visitor(Role.AUDITOR, library.elsewhere.id)).read("/status"))
    await reconciliation.note(library.store, kinds, [])
    assert "A merge is open, and no workflow runs for it." in auditor
    assert f"onefold reconcile --start ID executes it after all. {library.open_merge[:8]} in database" in auditor
    assert f"its log says more. database {library.here.id}, since" in auditor
    assert "Nothing: merges, workflows, ledger and contacts go together." in foreign
