"""What a merge's workflow did, for people: while Temporal has it, and from the archive when it has not."""

import hashlib
from uuid import UUID

import pytest

from domain.roles import Role
from store import histories
from tests.runs import until
from tests.web.looked_up import Library, text_of

pytestmark = pytest.mark.slow


async def archived(library: Library) -> UUID:
    """The first merge, once the worker has archived what its workflow did."""
    merge_id = UUID(library.first_merge)

    async def is_archived() -> bool:
        return bool(await histories.runs_of(library.store, merge_id))

    await until(is_archived)
    return merge_id


async def test_ever_after_it_is_the_archive_that_tells_it(library: Library) -> None:
    merge_id = await archived(library)
    (run,) = await histories.runs_of(library.store, merge_id)
    auditor = await library.visitor(Role.AUDITOR)
    shown = text_of(await auditor.read(f"/merges/{merge_id}/history"))
    assert run.digest is not None
    assert f"SHA-256 {run.digest.hex()} in the ledger" in shown
    assert "Step due merge Execute once: claim, lock, plan again, apply, record in the ledger" in shown
    assert "Ended" in shown
    file = await auditor.http.get(f"/merges/{merge_id}/history/{run.id}.json")
    assert hashlib.sha256(file.content).digest() == run.digest
    assert file.headers["content-disposition"] == f'attachment; filename="run-{run.id}.json"'
    assert (file.headers["x-content-type-options"], file.headers["cache-control"]) == ("nosniff", "no-store")
    assert (await auditor.http.get(f"/merges/{merge_id}/history/another.json")).status_code == 404


async def test_while_it_waits_temporal_tells_it(library: Library) -> None:
    specialist = await library.visitor(Role.SPECIALIST)
    shown = text_of(await specialist.read(f"/merges/{library.open_merge}/history"))
    assert "told by Temporal; archived soon after the merge is done" in shown
    assert "Begun Establish identity in database" in shown
    assert "Step done at once prepare Find the device, read both contacts" in shown
    assert "Waits Time to remind the reviewers" in shown
    assert "WORKFLOW_TASK" not in shown


async def test_values_are_shown_to_whom_the_merge_shows_them(library: Library) -> None:
    path = f"/merges/{library.open_merge}/history"
    value = (await library.here.merge(library.open_merge))["plan"]["request"]["identity"]["value"]
    assert f'"identity_value": "{value}"' in text_of(await (await library.visitor(Role.SPECIALIST)).read(path))
    masked = text_of(await (await library.visitor(Role.AUDITOR)).read(path))
    assert "identity_value" not in masked
    assert value not in masked
    assert "Values in them are encrypted for you" in masked


async def test_nobody_reads_it_who_does_not_reach_the_merge(library: Library) -> None:
    foreign = await library.visitor(Role.AUDITOR, library.elsewhere.id)
    for path in ("history", "history/run.json"):
        assert (await foreign.http.get(f"/merges/{library.open_merge}/{path}")).status_code == 404
