"""What to do about a refusal, in the words of the pages: who meets it there has buttons, and no requests to send."""

from web.advice import ADVICE

ON_PAGES = {
    "body-too-large": "Shorten what you wrote, and send it again.",
    "contact-not-found": "Check the id, and search for the contact by what else you know of it.",
    "cursor-invalid": "Begin at the first page of the list again.",
    "database-not-found": (
        "Check the id. A database in which you have no role answers the same as one that there is not: an admin gives"
        " you a role."
    ),
    "device-not-found": "Look for the device by its address, among the contacts.",
    "digest-unknown": "Load the page of the merge again, and decide from there. It waits as before.",
    "merge-claimed": "Ask who has claimed it to decide or to release it.",
    "own-request": (
        "You asked for it, or a service that you answer for did. A specialist of the database who did not ask decides."
    ),
    "merge-not-found": (
        "Check the address, or look for the merge in the inbox or among all merges. One in a database in which you have"
        " no role answers the same."
    ),
    "merge-not-pending": "Somebody or its deadline has ended it, or it is under way: its page shows which.",
    "pair-not-found": "Somebody has lifted it before: the list of the database shows which pairs stand.",
    "person-not-found": "Check the address, and load the page again. `onefold user add` adds a person.",
    "policy-invalid": "Correct what is named above, and send the form again. Nothing was changed.",
    "policy-stale": "Load the page again, compare your change with what stands now, and send it from there.",
    "role-missing": (
        "An admin of the database gives you the role, on the page People. It is asked again at the moment of the merge:"
        " a decision does not outlive the role that it was made with."
    ),
    "service-unavailable": (
        "Wait a little and send it again: a merge happens once, however often it is asked for. The first page names the"
        " part that does not answer."
    ),
    "value-invalid": "Correct what is named above, and send the form again. Nothing was changed.",
}


def page_advice(code: str) -> str:
    return ON_PAGES.get(code, ADVICE[code])
