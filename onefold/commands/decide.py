"""`onefold approve`, `reject` and `withdraw`: a decision on the plan that was seen, and what became of it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.errors import DigestUnknown, MergeNotPending, PlanStale
from onefold.commands.api_client import (
    Api,
    ApiRefused,
    MergeId,
    PersonsToken,
    RequestersToken,
    Url,
    as_person,
    as_requester,
)
from onefold.commands.changes import print_revision
from onefold.commands.failures import REFUSED, CommandFailed
from onefold.commands.output import console, print_facts
from onefold.commands.review import print_how_to_approve, receipt, winner
from onefold.typed import typed

_DIGEST = re.compile(r"[0-9a-f]{64}")


def _digest(given: str | None) -> str | None:
    if given is not None and not _DIGEST.fullmatch(given):
        raise typer.BadParameter(f"a digest has 64 of 0-9 and a-f: `{typed('plan show')}` prints it.")
    return given


Digest = Annotated[str, typer.Option(callback=_digest, metavar="DIGEST", help="The digest of the plan that you saw.")]
OptionalDigest = Annotated[
    str | None,
    typer.Option(callback=_digest, metavar="DIGEST", help="As you saw it; left out, the plan that stands."),
]
Why = Annotated[str, typer.Option(help="Why; kept with the decision.")]
OptionalWhy = Annotated[str | None, typer.Option(help="Why; kept with the decision.")]


def approve(
    merge_id: MergeId, digest: Digest, url: Url = None, token: PersonsToken = None, reason: OptionalWhy = None
) -> None:
    """Approve exactly the plan with this digest. The merge happens at once, and can't be undone."""
    api = as_person(url, token)
    decided = _decide(api, merge_id, digest, {"decision": "approve", **_given(reason)})
    if decided["outcome"]:
        typer.echo(f"For the device answers {winner(api.get(f'/v1/merges/{merge_id}'))}.")


def reject(
    merge_id: MergeId,
    reason: Why,
    url: Url = None,
    token: PersonsToken = None,
    digest: OptionalDigest = None,
    not_same_person: Annotated[
        bool, typer.Option("--not-same-person", help="Keep these two apart until somebody lifts it.")
    ] = False,
) -> None:
    """Reject a merge: nothing changes."""
    api = as_person(url, token)
    body = {"decision": "reject", "notSamePerson": not_same_person, **_given(reason)}
    decided = _decide(api, merge_id, digest or _standing(api, merge_id), body)
    if decided["outcome"] and not_same_person:
        typer.echo(f"These two contacts are kept apart until somebody lifts it: see `{typed('kept-apart list')}`.")


def withdraw(merge_id: MergeId, url: Url = None, token: RequestersToken = None, reason: OptionalWhy = None) -> None:
    """Take your own request back: nothing changes."""
    api = as_requester(url, token)
    _tell(merge_id, api.ask("POST", f"/v1/merges/{merge_id}/withdrawal", body=_given(reason)).body)


def _given(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"reason": reason}


def _standing(api: Api, merge_id: UUID) -> str:
    merge = api.get(f"/v1/merges/{merge_id}")
    if "plan" not in merge:
        raise CommandFailed(MergeNotPending.code, "The merge has no plan yet: try again shortly.", REFUSED)
    plan = merge["plan"]
    typer.echo(f"The plan that stands is revision {plan['revision']}, digest {plan['digest']}.")
    return str(plan["digest"])


def _decide(api: Api, merge_id: UUID, digest: str, body: Mapping[str, object]) -> Mapping[str, Any]:
    """What the API answers to the decision, which is told."""
    try:
        answer = api.ask("POST", f"/v1/merges/{merge_id}/decision", body=body, headers={"If-Match": f'"{digest}"'})
    except ApiRefused as refused:
        if refused.code in {PlanStale.code, DigestUnknown.code}:
            _show_what_stands(api.get(f"/v1/merges/{merge_id}"), digest)
        raise
    decided: Mapping[str, Any] = answer.body
    _tell(merge_id, decided)
    return decided


def _tell(merge_id: UUID, decided: Mapping[str, Any]) -> None:
    if decided["outcome"] is None:
        typer.echo(f"It is decided and goes on: `{typed(f'plan show {merge_id}')}` says what becomes of it.")
        return
    typer.echo(f"Merge {merge_id} is {decided['outcome']}.")
    print_facts(console(), [("Receipt", receipt(decided["receipt"]))])


def _show_what_stands(merge: Mapping[str, Any], seen: str) -> None:
    to, plan, revisions = console(), merge["plan"], merge["revisions"]
    to.print(f"Revision {plan['revision']} stands now, with the digest {plan['digest']}.", soft_wrap=True)
    known = [at for at, one in enumerate(revisions) if one["digest"] == seen]
    if not known:
        return
    for revision in revisions[known[-1] + 1 :]:
        print_revision(to, revision)
    print_how_to_approve(to, merge)
