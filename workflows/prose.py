"""What Temporal's own UI says of a run, for people who read history."""

from datetime import timedelta

from domain.messages import Proposal

ENDS = {
    "merged": "Merged: one contact remains, the other's id is an alias of it.",
    "assigned": "Assigned: nobody held the identity, the device's contact has it now.",
    "reassigned": "Reassigned: the device's contact has the new identity, its old value is free.",
    "unchanged": "Unchanged: the device's contact already held the identity.",
    "not_found": "Not found: no such device; nothing was changed.",
    "blocked": "Blocked: a required column would be left empty; nothing was changed.",
    "rejected": "Rejected: a person decided against it; nothing was changed.",
    "expired": "Expired: nobody decided in time; nothing was changed.",
    "withdrawn": "Withdrawn by its requester; nothing was changed.",
}


def proposed(proposal: Proposal) -> str:
    left = timedelta(seconds=round(proposal.remaining))
    return f"Revision {proposal.revision} of the plan waits for a person, who had {left} left when it was shown."
