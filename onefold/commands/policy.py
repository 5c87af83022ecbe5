"""`onefold policy`: which contact survives a merge, who is asked first, and what is no identity."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.approval import ApprovalPolicy, Ask
from domain.plan import Outcome
from domain.policy import Policy, SurvivorRule
from domain.policy_words import policy_facts
from onefold.commands.database_parts import DatabaseId
from onefold.commands.output import Json, console, print_facts, print_json
from onefold.commands.running import in_store
from onefold.typed import typed

if TYPE_CHECKING:
    from store.policies import PolicyVersion

_NUMBER = re.compile(r"-?[0-9]{1,8}")
_DURATION = re.compile(r"([0-9]{1,8})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}

app = typer.Typer(no_args_is_help=True, help="The policy of a database: who survives a merge, and who is asked first.")


@app.command()
def show(database_id: DatabaseId, as_json: Json = False) -> None:
    """Show the policy that stands."""
    from store import policies

    _tell(*in_store(lambda store: policies.get(store, database_id)), as_json=as_json)


@app.command("set")
def set_(
    database_id: DatabaseId,
    survivor: Annotated[SurvivorRule | None, typer.Option(help="The contact that survives a merge.")] = None,
    ask: Annotated[Ask | None, typer.Option(help="Ask a person never, always, or when a rule holds.")] = None,
    outcome: Annotated[
        list[Outcome] | None,
        typer.Option(
            metavar="merged|assigned|reassigned", help="What is asked about; repeatable, replaces the former."
        ),
    ] = None,
    both_identified: Annotated[
        bool | None, typer.Option("--both-identified/--no-both-identified", help="Rule: both carry an identity.")
    ] = None,
    emails_differ: Annotated[
        bool | None, typer.Option("--emails-differ/--no-emails-differ", help="Rule: their e-mails differ.")
    ] = None,
    devices_gained_over: Annotated[
        str | None, typer.Option(metavar="N|none", help="Rule: the survivor gains more than N devices.")
    ] = None,
    identity_changed_within_days: Annotated[
        str | None, typer.Option(metavar="N|none", help="Rule: the device changed identity within N days.")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option(metavar="3d|12h|30m|90s", help="How long a merge waits before it has expired.")
    ] = None,
    reminder_percent: Annotated[
        int | None, typer.Option(help="How much of the deadline passes before reviewers are reminded.")
    ] = None,
    block: Annotated[list[str] | None, typer.Option(metavar="VALUE", help="Refuse it as identity; repeatable.")] = None,
    unblock: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="Take it off the list; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change what is named; all else stays. A change makes a new version, under which merges are planned from then."""
    from domain.policy_change import PolicyChange
    from store import policies

    given: dict[str, Any] = {
        "ask": ask,
        "outcomes": frozenset(outcome) if outcome else None,
        "both_identified": both_identified,
        "emails_differ": emails_differ,
        "deadline": deadline and _duration(deadline),
        "reminder_percent": reminder_percent,
    }
    approval = {name: value for name, value in given.items() if value is not None}
    if devices_gained_over is not None:
        approval["devices_gained_over"] = _number(devices_gained_over, "--devices-gained-over")
    if identity_changed_within_days is not None:
        days = _number(identity_changed_within_days, "--identity-changed-within-days")
        approval["identity_changed_within"] = None if days is None else timedelta(days=days)
    wanted = PolicyChange(survivor, approval, tuple(block or ()), tuple(unblock or ()))
    if wanted == PolicyChange():
        raise typer.BadParameter(f"name what to change; `{typed('policy show')}` shows what stands.")
    _tell(*in_store(lambda store: policies.change(store, database_id, wanted)), as_json=as_json)


@app.command()
def history(database_id: DatabaseId, as_json: Json = False) -> None:
    """List all versions, the newest first."""
    from store import policies

    versions = in_store(lambda store: policies.history(store, database_id))
    if as_json:
        from api.policies import version_document

        print_json({"versions": [version_document(one) for one in versions]})
        return
    to = console()
    for one in versions:
        if one is not versions[0]:
            to.print()
        print_facts(to, _facts(one))


def _facts(version: "PolicyVersion") -> list[tuple[str, str]]:
    since = f"{version.created:%Y-%m-%d %H:%M} UTC, by {version.person or 'the operator'}"
    return [("Version", str(version.version)), ("Since", since), *policy_facts(version.survivor, version.approval)]


def _tell(policy: Policy, approval: ApprovalPolicy, *, as_json: bool) -> None:
    if as_json:
        from api.policies import policy_shown

        print_json(policy_shown(policy, approval))
    else:
        print_facts(console(), [("Version", str(policy.version)), *policy_facts(policy.survivor, approval)])


def _number(text: str, option: str) -> int | None:
    if text == "none":
        return None
    if not _NUMBER.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is neither a number nor `none`.", param_hint=option)
    return int(text)


def _duration(text: str) -> timedelta:
    read = _DURATION.fullmatch(text)
    if not read:
        raise typer.BadParameter(f"{text!r} does not read like 3d, 12h, 30m or 90s.", param_hint="--deadline")
    return timedelta(**{_UNITS[read[2]]: int(read[1])})
