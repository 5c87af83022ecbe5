"""What the page of a merge says before it happened, after it did, and after it ended without."""

from dataclasses import dataclass

from domain.plan import CHANGING
from store.merges import MergeRow


@dataclass(frozen=True)
class Tense:
    """The words of one of the three. `two` and `one` are headings: of a merge, and of what concerns one contact."""

    two: str
    one: str
    caption: str
    conflicts: str
    lost: str
    nothing_lost: str
    remains: str
    absorbed: str
    became: str
    holds: str
    was_given: str
    undone: str
    ends: str
    along: str
    moves: str
    inbox: str
    events: str
    events_apart: str
    lists: str
    stay: str


_TO_COME = Tense(
    two="What would become of them",
    one="What would become of it",
    caption="Field by field: what either contact has, what would remain, and the rule that says so.",
    conflicts="Conflicts: one value is lost",
    lost="lost",
    nothing_lost="No value is lost.",
    remains="remains",
    absorbed="is absorbed",
    became="would become one with",
    holds="holds",
    was_given="would be given",
    undone="This can't be undone",
    ends="Contact {absorbed} ends. Its id leads to contact {survivor} for ever.",
    along="What comes along",
    moves="moves",
    inbox="The newer's messages stay; the older's are archived with the merge.",
    events="Both are kept, each event under the id that it came in under.",
    events_apart="Only those of the contact that remains are kept, as the request says (mergeEvents false). The others"
    " stay with the absorbed contact.",
    lists="The contact that remains is in every list of both, once.",
    stay="Inbox, events and contact lists stay as they are.",
)
_DONE = Tense(
    two="What became of them",
    one="What became of it",
    caption="Field by field: what either contact had, what remained, and the rule that said so.",
    conflicts="Conflicts: one value was lost",
    lost="was lost",
    nothing_lost="No value was lost.",
    remains="remained",
    absorbed="was absorbed",
    became="became one with",
    holds="held",
    was_given="was given",
    undone="What can't be undone",
    ends="Contact {absorbed} ended. Its id leads to contact {survivor} for ever.",
    along="What came along",
    moves="moved",
    inbox="The newer's messages stayed; the older's were archived with the merge.",
    events="Both were kept, each event under the id that it came in under.",
    events_apart="Only those of the contact that remained were kept, as the request said (mergeEvents false). The"
    " others stayed with the absorbed contact.",
    lists="The contact that remained came into every list of both, once.",
    stay="Inbox, events and contact lists stayed as they were.",
)
_NOT_DONE = Tense(
    two="What would have become of them",
    one="What would have become of it",
    caption="Field by field: what either contact had, what would have remained, and the rule that said so.",
    conflicts="Conflicts: one value would have been lost",
    lost="would have been lost",
    nothing_lost="No value would have been lost.",
    remains="would have remained",
    absorbed="would have been absorbed",
    became="would have become one with",
    holds="held",
    was_given="would have been given",
    undone="What would have been lost for ever",
    ends="Contact {absorbed} would have ended. It is as it was.",
    along="What would have come along",
    moves="would have moved",
    inbox="The newer's messages would have stayed, and the older's been archived.",
    events="Both would have been kept, each event under the id that it came in under.",
    events_apart="Only those of the contact that remained would have been kept, as the request said"
    " (mergeEvents false).",
    lists="The contact that remained would have been in every list of both, once.",
    stay="Inbox, events and contact lists stayed as they were.",
)


def tense(merge: MergeRow) -> Tense:
    if merge.outcome is None:
        return _TO_COME
    return _DONE if merge.outcome in CHANGING else _NOT_DONE
