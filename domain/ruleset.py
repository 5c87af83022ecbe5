"""The rules of the merge: one pure function that serves preview, approval, execution and audit.

Each rule is the seed's, read as the README says. The names of the rules appear in every plan.
"""

from dataclasses import dataclass, replace

from domain.address import Address, Channel
from domain.contact import WIRE_NAMES, Contact, Device, SystemAttributes
from domain.errors import LookupKeyInactive, RequiredColumnEmpty
from domain.identity import Identity
from domain.plan import Blocker, FieldDecision, Outcome, Plan, Rule, Side
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.times import rfc3339

RULESET = "establish-identity/1"
OPTED_OUT = "OPTED-OUT"


def make_plan(
    device_contact: Contact | None, lookup_contact: Contact | None, request: MergeRequest, policy: Policy
) -> Plan:
    """What the request would do now.

    `device_contact` owns the requested device, `lookup_contact` holds the requested identity (they may be one);
    None where there is none. Total: every combination has an outcome.
    """
    if device_contact is None:
        return _not_found(lookup_contact, request, policy)
    intended = _intended(device_contact, lookup_contact, request.identity)
    other = lookup_contact if intended is Outcome.MERGED else None
    pair = _pair(device_contact, other, request, policy)
    fields = _fields(pair, modified=intended is not Outcome.UNCHANGED)
    identities = _identities(pair, request.identity)
    result = _result(pair, fields, identities)
    blockers = () if intended is Outcome.UNCHANGED else _blockers(result, request, policy)
    return Plan(
        ruleset=RULESET,
        policy=policy,
        request=request,
        outcome=Outcome.BLOCKED if blockers else intended,
        device_contact=device_contact,
        lookup_contact=lookup_contact,
        older=pair.older,
        newer=pair.newer,
        survivor=pair.survivor,
        absorbed=pair.absorbed,
        fields=fields,
        identities=identities,
        blockers=blockers,
        result=result,
        winner_channel_identifier=_winner_channel_identifier(pair.survivor, device_contact, request),
    )


@dataclass(frozen=True)
class _Pair:
    """The contacts by age and by fate. A contact alone is the older and the survivor."""

    older: Contact
    newer: Contact | None
    survivor: Contact
    absorbed: Contact | None

    @property
    def survivor_side(self) -> Side:
        return Side.OLDER if self.survivor is self.older else Side.NEWER


def _not_found(lookup_contact: Contact | None, request: MergeRequest, policy: Policy) -> Plan:
    return Plan(
        ruleset=RULESET,
        policy=policy,
        request=request,
        outcome=Outcome.NOT_FOUND,
        device_contact=None,
        lookup_contact=lookup_contact,
        older=None,
        newer=None,
        survivor=None,
        absorbed=None,
        fields=(),
        identities=(),
        blockers=(),
        result=None,
        winner_channel_identifier=request.address.channel_identifier,
    )


def _intended(device_contact: Contact, lookup_contact: Contact | None, requested: Identity) -> Outcome:
    if lookup_contact is not None:
        return Outcome.UNCHANGED if lookup_contact.id == device_contact.id else Outcome.MERGED
    return Outcome.REASSIGNED if requested.name in device_contact.identities else Outcome.ASSIGNED


def _pair(device_contact: Contact, other: Contact | None, request: MergeRequest, policy: Policy) -> _Pair:
    if other is None:
        return _Pair(device_contact, None, device_contact, None)
    older, newer = sorted((device_contact, other), key=lambda contact: contact.age)
    by_rule = {
        SurvivorRule.DEVICE_CONTACT: device_contact,
        SurvivorRule.LOOKUP_CONTACT: other,
        SurvivorRule.OLDER: older,
        SurvivorRule.NEWER: newer,
    }
    survivor = by_rule[policy.survivor]
    with_crm = [contact for contact in (older, newer) if contact.system.crm_sync_id is not None]
    if request.use_crm_contact_as_winner and len(with_crm) == 1:
        survivor = with_crm[0]
    return _Pair(older, newer, survivor, newer if survivor is older else older)


def _fields(pair: _Pair, *, modified: bool) -> tuple[FieldDecision, ...]:
    older, newer = pair.older, pair.newer
    muid = _prefer(pair, "muid", Side.NEWER, Rule.NEWEST)
    custom = sorted({*older.custom, *(newer.custom if newer else ())})
    return (
        _created(pair),
        _last_modified(pair, modified=modified),
        *_email(pair),
        _prefer(pair, "lead_source", Side.OLDER, Rule.OLDEST),
        _crm_sync_id(pair),
        _prefer(pair, "visitor_key", pair.survivor_side, Rule.SURVIVOR),
        muid,
        *(
            _choose(name, older.custom.get(name), newer.custom.get(name) if newer else None, Side.NEWER, Rule.NEWEST)
            for name in custom
        ),
    )


def _created(pair: _Pair) -> FieldDecision:
    newer = rfc3339(pair.newer.created) if pair.newer else None
    kept = rfc3339(pair.survivor.created)
    return FieldDecision("created", rfc3339(pair.older.created), newer, kept, Rule.SURVIVOR, pair.survivor_side)


def _last_modified(pair: _Pair, *, modified: bool) -> FieldDecision:
    """The commit's own time, which no plan can know; an unchanged contact keeps its own."""
    older = rfc3339(pair.older.last_modified)
    newer = rfc3339(pair.newer.last_modified) if pair.newer else None
    if modified:
        return FieldDecision("lastModified", older, newer, None, Rule.REGENERATED, None)
    return FieldDecision("lastModified", older, newer, older, Rule.SURVIVOR, pair.survivor_side)


def _email(pair: _Pair) -> tuple[FieldDecision, FieldDecision, FieldDecision]:
    """The address, and with it what was said about that address.

    A consent is given for an address: where the addresses differ, emailType and optInDetails follow the one that
    won, even when they are null, so that no consent is moved to an address that it was not given for.
    """
    email = _prefer(pair, "email", Side.OLDER, Rule.OLDEST)
    if email.older and email.newer and email.older.casefold() == email.newer.casefold():
        return email, _prefer(pair, "email_type", Side.OLDER, Rule.OLDEST), _opt_in_of_one_mailbox(pair)
    if email.winner in {Side.OLDER, Side.NEWER}:
        return email, _follow(pair, "email_type", email.winner), _follow(pair, "opt_in_details", email.winner)
    return (
        email,
        _prefer(pair, "email_type", Side.OLDER, Rule.OLDEST),
        _prefer(pair, "opt_in_details", Side.OLDER, Rule.OLDEST),
    )


def _opt_in_of_one_mailbox(pair: _Pair) -> FieldDecision:
    """Two equal addresses of which one opted out: opted out."""
    older, newer = _system(pair, "opt_in_details")
    if _opted_out(older) != _opted_out(newer):
        return _follow(pair, "opt_in_details", Side.OLDER if _opted_out(older) else Side.NEWER)
    return _prefer(pair, "opt_in_details", Side.OLDER, Rule.OLDEST)


def _opted_out(opt_in_details: str | None) -> bool:
    return opt_in_details is not None and opt_in_details.upper().startswith(OPTED_OUT)


def _crm_sync_id(pair: _Pair) -> FieldDecision:
    """Not merged: the survivor's own, never adopted, null included."""
    older, newer = _system(pair, "crm_sync_id")
    kept = pair.survivor.system.crm_sync_id
    return FieldDecision("crmSyncId", older, newer, kept, Rule.NOT_MERGED, pair.survivor_side if kept else None)


def _prefer(pair: _Pair, attribute: str, favoured: Side, rule: Rule) -> FieldDecision:
    older, newer = _system(pair, attribute)
    return _choose(WIRE_NAMES[attribute], older, newer, favoured, rule)


def _follow(pair: _Pair, attribute: str, side: Side) -> FieldDecision:
    """The value of that side, null included."""
    older, newer = _system(pair, attribute)
    name, result = WIRE_NAMES[attribute], older if side is Side.OLDER else newer
    if older == newer or None not in {older, newer} or result is None:
        rule = Rule.EQUAL if older == newer else Rule.OLDEST if side is Side.OLDER else Rule.NEWEST
    else:
        rule = Rule.ONLY_VALUE
    winner = None if result is None else Side.BOTH if older == newer else side
    return FieldDecision(name, older, newer, result, rule, winner)


def _choose(name: str, older: str | None, newer: str | None, favoured: Side, rule: Rule) -> FieldDecision:
    """The favoured side's value; null never beats a value, and only null loses so."""
    if older == newer:
        return FieldDecision(name, older, newer, older, Rule.EQUAL, None if older is None else Side.BOTH)
    if older is None:
        return FieldDecision(name, older, newer, newer, Rule.ONLY_VALUE, Side.NEWER)
    if newer is None:
        return FieldDecision(name, older, newer, older, Rule.ONLY_VALUE, Side.OLDER)
    return FieldDecision(name, older, newer, older if favoured is Side.OLDER else newer, rule, favoured)


def _system(pair: _Pair, attribute: str) -> tuple[str | None, str | None]:
    older = getattr(pair.older.system, attribute)
    newer = getattr(pair.newer.system, attribute) if pair.newer else None
    return older, newer


def _identities(pair: _Pair, requested: Identity) -> tuple[FieldDecision, ...]:
    """The requested one on the survivor; under other names both kept, of two values the newer's."""
    older = pair.older.identities
    newer = pair.newer.identities if pair.newer else {}
    rows = []
    for name in sorted({*older, *newer, requested.name}):
        if name == requested.name:
            rows.append(_requested(older.get(name), newer.get(name), requested))
        else:
            rows.append(_choose(name, older.get(name), newer.get(name), Side.NEWER, Rule.NEWEST))
    return tuple(rows)


def _requested(older: str | None, newer: str | None, requested: Identity) -> FieldDecision:
    winner = {older: Side.OLDER, newer: Side.NEWER}.get(requested.value, Side.REQUEST)
    return FieldDecision(requested.name, older, newer, requested.value, Rule.REQUESTED, winner)


def _result(pair: _Pair, fields: tuple[FieldDecision, ...], identities: tuple[FieldDecision, ...]) -> Contact:
    chosen = {row.name: row.result for row in fields}
    contacts = [pair.older] + ([pair.newer] if pair.newer else [])
    custom = {name for contact in contacts for name in contact.custom}
    return replace(
        pair.survivor,
        system=SystemAttributes(**{name: chosen[wire] for name, wire in WIRE_NAMES.items()}),
        custom={name: value for name, value in chosen.items() if name in custom and value is not None},
        identities={row.name: row.result for row in identities if row.result is not None},
        devices=tuple(sorted((one for contact in contacts for one in contact.devices), key=_registered)),
        lists=tuple(sorted({one for contact in contacts for one in contact.lists})),
    )


def _blockers(result: Contact, request: MergeRequest, policy: Policy) -> tuple[Blocker, ...]:
    held = {**result.custom, **result.identities}
    empty = [Blocker(RequiredColumnEmpty.code, name) for name in policy.required_columns if name not in held]
    if request.identity.name not in policy.lookup_keys:
        empty.append(Blocker(LookupKeyInactive.code, request.identity.name))
    return tuple(empty)


def _winner_channel_identifier(survivor: Contact, device_contact: Contact, request: MergeRequest) -> str:
    """The requested MUID or phone when the device contact survives, else the survivor's own from before."""
    if survivor is device_contact:
        return request.address.channel_identifier
    if request.address.channel is Channel.PUSH and survivor.system.muid is not None:
        return survivor.system.muid
    own = [device for device in survivor.devices if device.address.channel is request.address.channel]
    chosen = min(own, key=_registered).address if own else request.address
    return chosen.channel_identifier


def _registered(device: Device) -> tuple[int, Address]:
    """In the order of registration, however they were read; those of no database (id 0) by address."""
    return device.id, device.address
