"""The auditors' list, carried away as a file. It is on record before anybody has it."""

import asyncio
import hashlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from api.services import Services, Wired
from domain.errors import ValueInvalid
from ledger.events import Event, EventKind
from store.audit_list import all_merges
from store.journal import record
from store.receipts import newest_over
from store.tokens import Scope
from web.audit_file import AuditFile, Layout
from web.audit_filter import Asked
from web.forms import read_bound_form
from web.masking import sees_values
from web.page_route import PageRoute
from web.reach import reached
from web.rendering import download_headers
from web.seen_merge import list_sights
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_CHUNK = 64 * 1024


@router.post("/audit/export")
async def export(request: Request, wired: Wired, viewer: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    form = await read_bound_form(request, viewer)
    if form["layout"] not in set(Layout):
        raise ValueInvalid("A list is exported as csv or as ndjson.")
    made = datetime.now(UTC)
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent; nothing of it stays behind
    try:
        await _write(wired, viewer, asked, Layout(form["layout"]), archive, made)
    except BaseException:
        archive.close()
        raise
    name = f"onefold-audit-{made:%Y%m%dT%H%M%SZ}.zip"
    return StreamingResponse(_chunks(archive), 200, download_headers(request, name), "application/zip")


async def _write(
    wired: Services, viewer: Viewer, asked: Asked, layout: Layout, archive: IO[bytes], made: datetime
) -> None:
    wanted = asked.wanted(viewer)
    reach = [database.id for database in await reached(wired.store, viewer, Scope.MERGES_READ)]
    sights = await list_sights(wired.store, viewer, reach)
    file = AuditFile(archive, layout)
    async for items in all_merges(wired.store, reach, wanted):
        seen = [sights[item.merge.database_id].item(item) for item in items]
        await asyncio.to_thread(file.write, seen)  # compressing must not keep others waiting
    manifest = file.close(
        {
            "filters": asked.given,
            "databases": await _databases(wired, viewer, file),
            "made": made,
            "by": {"person": viewer.session.person_id, "name": viewer.session.name, "token": viewer.token.id},
        }
    )
    await _put_on_record(wired, viewer, file, manifest)


async def _databases(wired: Services, viewer: Viewer, file: AuditFile) -> list[dict[str, object]]:
    """What the file holds of each, and how long its chain was when a checkpoint was last signed over it."""
    async with wired.store.statements() as connection:
        signed = {database_id: await newest_over(connection, database_id) for database_id in sorted(file.rows)}
    return [
        {
            "id": database_id,
            "rows": file.rows[database_id],
            "masked": not sees_values(viewer, database_id),
            "checkpoint": known and {"origin": known.checkpoint.origin, "size": known.checkpoint.size, "at": known.at},
        }
        for database_id, known in signed.items()
    ]


async def _put_on_record(wired: Services, viewer: Viewer, file: AuditFile, manifest: bytes) -> None:
    digest = hashlib.sha256(manifest).hexdigest()
    events = [
        Event(
            EventKind.EXPORT_MADE,
            database_id,
            token_id=viewer.token.id,
            detail={"size": rows, "values": sees_values(viewer, database_id), "manifest": digest},
        )
        for database_id, rows in file.rows.items()
    ]
    if events:
        async with wired.store.transaction() as connection:
            await record(connection, *events)


def _chunks(archive: IO[bytes]) -> Iterator[bytes]:
    with archive:
        archive.seek(0)
        while chunk := archive.read(_CHUNK):
            yield chunk
