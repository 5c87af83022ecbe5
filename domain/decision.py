"""What people may say of a merge that waits for one."""

from enum import StrEnum


class Kind(StrEnum):
    """A withdrawal is its requester's, of the request, whatever its plan is by now."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
