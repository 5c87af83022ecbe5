"""Why a list of the inbox is empty, and what somebody who is new here does first."""

from dataclasses import dataclass

from fastapi import Request

from api.health import readiness
from api.services import Wired
from store import inbox
from store.inbox import Filter, Tab
from web.status_page import NAMES
from web.viewer import Viewer


@dataclass(frozen=True)
class Empty:
    """`hidden` counts what the filter hides, `waiting` what is open at all; `troubles` say what is not there, and why.

    `is_new`: nobody has decided anything yet. `is_demo`: its data is there, and its example can be asked for.
    """

    hidden: int
    waiting: int
    troubles: list[tuple[str, str]]
    is_new: bool
    is_demo: bool


async def why_empty(request: Request, wired: Wired, viewer: Viewer, tab: Tab) -> Empty:
    async with wired.store.statements() as connection:
        unfiltered = await inbox.count_items(connection, viewer.onlooker, Filter())
    return Empty(
        hidden=unfiltered[tab],
        waiting=unfiltered[Tab.OPEN],
        troubles=[(NAMES[part], said) for part, said in (await readiness(wired)).items() if said != "ok"],
        is_new=not unfiltered[Tab.DECIDED] and not unfiltered[Tab.OPEN],
        is_demo=bool(request.app.state.demo_accounts),
    )
