"""What each rule does, and the sentences of its source that say so, word for word."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.plan import Rule


@dataclass(frozen=True)
class Sentences:
    """`does` is ours, and may mark code; `quotes` are the source's. `reading` says how we read what is unclear."""

    does: str
    quotes: tuple[str, ...]
    reading: str = ""


SENTENCES: Mapping[Rule, Sentences] = {
    Rule.OLDEST: Sentences(
        "The older contact's value wins: `email`, with `emailType` and `optInDetails`, and `leadSource`. Ages are those"
        " of the rows; of two that were created at the same moment the smaller id is the older.",
        (
            "System attributes are taken from the earliest created or oldest contact.",
            "If both contacts have values and they differ, the value is adopted from the oldest contact record.",
            "Lead_source: from master contact",
        ),
        "The master is the older contact. A consent stays with the address that it was given for: `emailType` and"
        " `optInDetails` follow the e-mail that won.",
    ),
    Rule.NEWEST: Sentences(
        "The newer contact's value wins: custom attributes, `muid`, and identities under other names than the"
        " requested one.",
        (
            (
                "Non-system attributes (all other attributes including attributes you create) are taken from the latest"
                " created or newest contact in the database. This includes MUID."
            ),
        ),
        "`muid` is the contact's attribute. A device keeps its own address for ever.",
    ),
    Rule.ONLY_VALUE: Sentences(
        "One contact has a value and the other has none: the value stays, whatever the ages. Only null loses so; an"
        " empty text, `0` and `No` are values.",
        (
            (
                "Note that regardless of the precedence above, if any attributes are null, the attribute value that is"
                " retained is the value that is not null."
            ),
            "If only one contact has a value, it is adopted in the merged record.",
        ),
    ),
    Rule.EQUAL: Sentences(
        "Both contacts have the same value, or neither has one: nothing is to be chosen, and nothing is lost.",
        (
            (
                "If both contacts have values and both have the same values, the resulting merged contact will adopt"
                " the email of oldest or most aged contact."
            ),
        ),
    ),
    Rule.SURVIVOR: Sentences(
        "The value is the surviving row's own: `created` and `visitorKey`. The contact of the device survives, unless"
        " the policy or the request says otherwise.",
        (
            "Contact A is removed.",
            (
                "A single contact, contact B, the result of merging A with B, remains and is addressable as"
                " “identity1234”."
            ),
        ),
        "The example's result is “Created: August 15, 2017”, that of the contact that survives, although it is a"
        " system attribute and the other contact is older.",
    ),
    Rule.REQUESTED: Sentences(
        "The requested identity is always on the survivor, whatever the ages. Another value under its name is freed.",
        (
            (
                "If no contacts with that identity lookup-key value are in the database when you make the Establish"
                " Identity call, then the contact that is associated with the device you are attempting to merge is"
                " assigned the lookup-key value that was provided."
            ),
            "The contact is not accessible as “oldidentity1234”. “oldidentity1234” is no longer in use.",
        ),
    ),
    Rule.NOT_MERGED: Sentences(
        "The survivor keeps its own `crmSyncId`, also where that is none: it is never taken over from the other.",
        ("CRM_sync: column is not merged",),
        "It is the exception to “the value that is not null”, which the source itself names.",
    ),
    Rule.REGENERATED: Sentences(
        "`lastModified` becomes the time of the commit, which no plan can know beforehand.",
        ("Last modified: a new timestamp is generated upon merge.",),
    ),
}
