"""The rules by which plans choose, each with the sentence it comes from, and the worked example run through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain import worked_example
from domain.contact import Contact
from domain.plan import Rule
from domain.ruleset import RULESET
from web.page_route import PageRoute
from web.rendering import LIVE, page
from web.rule_sentences import SENTENCES
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class Stated:
    """What the source says of its example's result, and what the rules make of it; `holds` None: both leave it open."""

    name: str
    stated: str
    made: str
    holds: bool | None


@router.get("/rules")
async def rules(request: Request, viewer: SignedIn) -> Response:
    plan = worked_example.plan()
    assert plan.result is not None  # noqa: S101 - both of its contacts are there
    return page(
        request,
        "rules.html",
        cache=LIVE,
        viewer=viewer,
        ruleset=RULESET,
        rules=[(rule.value, SENTENCES[rule]) for rule in Rule],
        plan=plan,
        rows=[*plan.fields, *plan.identities],
        compared=compared(plan.result),
    )


def compared(result: Contact) -> Sequence[Stated]:
    """In the order in which the source lists its result."""
    channels = ", ".join(sorted(device.address.destination.partition("|")[2] for device in result.devices))
    made = {
        "Created": f"{result.created:%B %-d, %Y}",
        "MUID": result.system.muid,
        "userId": result.identities.get("userId"),
        "Favorite Food": result.custom.get("Favorite Food"),
        "Email": result.system.email,
        "Channels": channels,
    }
    rows = [Stated(name, said, made[name] or "null", said == (made[name] or "null")) for name, said in _STATED.items()]
    return [*rows, Stated("Last modified", "date/time of merge", "the time of the commit", None)]


_STATED = {
    "Created": "August 15, 2017",
    "MUID": "Sksd03jdJKK",
    "userId": "null",
    "Favorite Food": "Burger",
    "Email": "albert.b.jerm@gmail.com",
    "Channels": "H892hH, Zujdd9d",
}
