"""A plan in sentences: what becomes of the request, and why."""

from collections.abc import Mapping
from typing import Any

from domain.plan import Outcome

_OUTCOMES: Mapping[str, str] = {
    Outcome.MERGED: "merged: contact {survivor} survives and absorbs contact {absorbed}.",
    Outcome.ASSIGNED: "assigned: contact {survivor} gets the identity, which no other contact holds.",
    Outcome.REASSIGNED: "reassigned: contact {survivor} gets the identity and gives up {lost}.",
    Outcome.UNCHANGED: "unchanged: contact {survivor} holds the identity already.",
    Outcome.NOT_FOUND: "not_found: no contact owns the device.",
    Outcome.BLOCKED: "blocked: nothing changes, because",
}
_BLOCKED_BY = {
    "required-column-empty": "required column {name} would have no value",
    "lookup-key-inactive": "{name} is not an active lookup key of the database",
}


def outcome_sentence(plan: Mapping[str, Any]) -> str:
    name = plan["request"]["identity"]["name"]
    lost = [f"{name} = {value}" for row in plan["identities"] if row["name"] == name for value in row["lost"]]
    sentence = _OUTCOMES.get(plan["outcome"], "{outcome}.")
    return sentence.format_map({**plan, "lost": " and ".join(lost)})


def blocker_sentence(blocker: Mapping[str, str]) -> str:
    sentence = _BLOCKED_BY.get(blocker["code"], "{name}").format(name=blocker["name"])
    return f"- {sentence} ({blocker['code']})"


def facts(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    request = plan["request"]
    listed = [
        ("Device", f"{request['channel']}-{request['qualifier']} {request['destination']}"),
        ("Identity", f"{request['identity']['name']} = {request['identity']['value']}"),
    ]
    if plan["newer"] is not None:
        listed += [(side.capitalize(), _fate(plan, plan[side])) for side in ("older", "newer")]
        listed += [
            (
                "Inbox",
                f"messages of contact {plan['inbox']['kept']}; those of {plan['inbox']['archived']} are archived",
            ),
            ("Events", "of both contacts" if plan["events"]["merged"] else f"of contact {plan['survivor']} only"),
        ]
    if plan["contactLists"]:
        listed.append(("Contact lists", ", ".join(str(one) for one in plan["contactLists"])))
    return [
        *listed,
        ("Answer", f"recipient {plan['survivor'] or 'none'}, channel identifier {plan['winnerChannelIdentifier']}"),
        ("Rules", f"{plan['ruleset']}, policy version {plan['policy']['version']}"),
        ("Digest", plan["digest"]),
    ]


def _fate(plan: Mapping[str, Any], contact: int) -> str:
    survives = contact == plan["survivor"]
    if plan["blockers"]:
        return f"contact {contact}, would {'survive' if survives else 'be absorbed'}"
    return f"contact {contact}, {'survives' if survives else 'is absorbed'}"
