"""What a person may be in a database."""

from enum import StrEnum


class Role(StrEnum):
    REQUESTER = "requester"
    SPECIALIST = "specialist"
    AUDITOR = "auditor"
    ADMIN = "admin"
