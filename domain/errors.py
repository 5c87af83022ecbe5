"""The one table of refusals: the same code stands in history, JSON and page.

A refusal's code is its class name in kebab-case. Its message carries the code only, never a value: the Temporal
SDK logs messages. `detail` may name columns, lookup keys and qualifiers, which are not personal.
"""

import re
from collections.abc import Iterator
from typing import ClassVar


class Refusal(Exception):
    """A request that is refused, and why."""

    status: ClassVar[int]
    title: ClassVar[str]
    code: ClassVar[str]

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(self.code)
        self.detail = detail or self.title
        self.extensions = extensions

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class ContactAbsorbed(Refusal):
    """The id lives on as an alias. `survivor` is the live contact at the end of the chain."""

    status = 308
    title = "The contact was merged into another, which answers for it."

    def __init__(self, survivor: int) -> None:
        super().__init__(survivor=survivor)
        self.survivor = survivor


class Unauthenticated(Refusal):
    status = 401
    title = "A valid bearer token is required."


class FormForeign(Refusal):
    status = 403
    title = "The form was sent from another site. Nothing was done."


class FormStale(Refusal):
    status = 403
    title = "The form belongs to another session or to another plan. Nothing was done."


class SignInFailed(Refusal):
    """The same for an unknown address, a wrong password and a disabled person: nobody can probe for people."""

    status = 401
    title = "Nobody signs in with this address and password."


class SignInBlocked(Refusal):
    status = 429
    title = "Too many wrong passwords. Try again in a minute."


class SearchesMany(Refusal):
    status = 429
    title = "Too many searches for values that your role masks. Try again in an hour."


class PasswordWeak(Refusal):
    status = 422
    title = "The password is too short or too long."


class ScopeMissing(Refusal):
    status = 403
    title = "The token lacks a scope that this call needs."


class DatabaseNotFound(Refusal):
    status = 404
    title = "Database not found"


class QualifierUnknown(Refusal):
    status = 404
    title = "The database has no such app key or SMS campaign."


class DeviceNotFound(Refusal):
    status = 404
    title = "Not Found"

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(detail or "The database has no such device.", **extensions)


class ContactNotFound(Refusal):
    status = 404
    title = "No contact found"


class LookupKeyNotFound(Refusal):
    status = 404
    title = "The database has no such lookup key."


class ColumnNotFound(Refusal):
    status = 404
    title = "The database has no such column."


class MergeNotFound(Refusal):
    status = 404
    title = "No merge has this id."


class CheckpointNotFound(Refusal):
    status = 404
    title = "No checkpoint was signed over the database's chain yet."


class ReceiptUnknown(Refusal):
    status = 404
    title = "The chain has no such entry."


class ChainContradicted(Refusal):
    status = 500
    title = "The chain is not the one that its checkpoint was signed over."


class ChannelInvalid(Refusal):
    status = 400
    title = "The channel must be PUSH or SMS, a hyphen, and a qualifier."


class DestinationInvalid(Refusal):
    status = 400
    title = "The destination is malformed."


class EmailInvalid(Refusal):
    status = 400
    title = "Argument was not a valid email"


class FilterInvalid(Refusal):
    status = 400
    title = "The filter must read lookupkeyfields=NAME=VALUE, pairs separated by semicolons, one in a value doubled."


class CursorInvalid(Refusal):
    status = 400
    title = "The page cursor is not one that this service issued."


class BodyMalformed(Refusal):
    status = 400
    title = "The body is not one JSON document without duplicate keys."


class BodyTooLarge(Refusal):
    status = 413
    title = "The body is too large."


class BodyNotJson(Refusal):
    status = 415
    title = "The body must be sent as application/json."


class ValueInvalid(Refusal):
    status = 422
    title = "A value is not valid."


class IdentityInvalid(Refusal):
    status = 422
    title = "The identity value is not valid."


class LookupKeyInactive(Refusal):
    status = 422
    title = "The identity's name is not an active lookup key of the database."


class RequiredColumnEmpty(Refusal):
    status = 422
    title = "A required column has no value."


class IdentityInUse(Refusal):
    status = 409
    title = "Another contact holds this identity."


class LookupKeysDisagree(Refusal):
    status = 409
    title = "The lookup keys belong to different contacts."


class DatabaseKeyed(Refusal):
    status = 409
    title = "Establish identity needs a flexible (non-keyed) database."


class NameTaken(Refusal):
    status = 409
    title = "The name is taken."


class MergeBlocked(Refusal):
    """The documented 500 of a required column without value, kept for compatibility (seed, prerequisites)."""

    status = 500
    title = "A required column would be left without a value; nothing was changed."


class PolicyInvalid(Refusal):
    status = 422
    title = "The policy is not valid."


class IdentityBlocked(Refusal):
    status = 422
    title = "The database refuses this identity value: it stands for nobody."


class ReasonMissing(Refusal):
    status = 422
    title = "A rejection needs a reason."


class NotSamePerson(Refusal):
    """The pair was rejected for good: it comes back once somebody lifts that."""

    status = 409
    title = "A person decided that these two contacts are not the same person."


class MergePending(Refusal):
    status = 409
    title = "The device has another open request, which waits for a person."


class MergeRejected(Refusal):
    status = 409
    title = "A person rejected the merge; nothing was changed."


class MergeExpired(Refusal):
    status = 409
    title = "Nobody decided on the merge in time; nothing was changed."


class MergeWithdrawn(Refusal):
    status = 409
    title = "The merge was withdrawn; nothing was changed."


class MergeNotPending(Refusal):
    status = 409
    title = "The merge does not wait for a person."


class AlreadyDecided(Refusal):
    status = 409
    title = "The merge was decided before."


class MergeClaimed(Refusal):
    status = 409
    title = "Another specialist has claimed the merge."


class DecisionRequired(Refusal):
    """What the merge says to a run that comes without a decision where the policy demands one."""

    status = 409
    title = "A person has to decide first."


class DecisionNotFound(Refusal):
    """What the merge says to a decision that no person stored: whoever can write to Temporal can invent one."""

    status = 404
    title = "No person has stored this decision."


class DecisionLate(Refusal):
    status = 409
    title = "The decision came after the deadline."


class DeadlineAhead(Refusal):
    """What the end says to a run that believes its time to be up: the database's clock decides."""

    status = 409
    title = "The deadline has not passed."


class PlanStale(Refusal):
    """The plan is another than the one that was seen; `revision` and `digest` are those of the one that stands."""

    status = 412
    title = "The plan has changed since you saw it. Nothing was done."


class PolicyStale(Refusal):
    """`version` is that of the policy that stands: a change that saw another would undo what its maker has not seen."""

    status = 412
    title = "Another version of the policy stands than the one that you saw. Nothing was done."


class DigestUnknown(Refusal):
    """Nobody was ever shown such a plan; `revision` and `digest` are those of the one that stands."""

    status = 412
    title = "No plan of this merge has ever had this digest. Nothing was done."


class DigestMissing(Refusal):
    status = 428
    title = "Send If-Match with the digest of the plan that you saw."


class PersonRequired(Refusal):
    status = 403
    title = "Only a person can do this, with a token of their own: never a service."


class RoleMissing(Refusal):
    status = 403
    title = "The person lacks the role that this needs in the database."


class OwnRequest(Refusal):
    status = 403
    title = "Nobody decides on a request of their own."


class OwnAccount(Refusal):
    """Whoever took their own role of an admin, or disabled themselves, could not undo it."""

    status = 403
    title = "Nobody changes their own roles or account."


class NotRequester(Refusal):
    status = 403
    title = "Only who requested the merge can withdraw it."


class PersonNotFound(Refusal):
    status = 404
    title = "Nobody has this e-mail address."


class PairNotFound(Refusal):
    status = 404
    title = "The database keeps no such pair apart."


class DeviceBusy(Refusal):
    status = 503
    title = "Another request for this device is still being executed. Try again shortly."


class ServiceUnavailable(Refusal):
    status = 503
    title = "A part that this service needs does not answer. Try again shortly."


def refusals() -> Iterator[type[Refusal]]:
    """Every refusal there is, by status and code."""
    yield from sorted(Refusal.__subclasses__(), key=lambda kind: (kind.status, kind.code))
