"""The shapes of bodies and answers, as OpenAPI shows them. The vendor's names, ours a superset."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from domain.address import QUALIFIER_LENGTH
from domain.times import parse_time

ConsentStatus = Literal["OPTED-IN", "OPTED-OUT"]
ColumnKind = Literal["text", "number", "boolean", "date", "selection"]
Survivor = Literal["device-contact", "lookup-contact", "older", "newer"]


def _time(value: object) -> object:
    if not isinstance(value, str):  # a number of seconds or of milliseconds would be guessed at
        raise ValueError("a time is sent as a text")  # noqa: TRY004 - what pydantic turns into a 422
    return parse_time(value)


Time = Annotated[
    datetime,
    BeforeValidator(_time),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date-time"}, {"format": "date"}],
            "description": "A date alone is its midnight in UTC.",
            "examples": ["2017-08-15T00:00:00Z", "2017-08-15"],
        }
    ),
]
Name = Annotated[StrictStr, Field(min_length=1, max_length=255)]


# How OpenAPI shows the parts of an address. `parse_address` checks them, and says more than a pattern could.
CHANNEL = {"pattern": r"^([Pp][Uu][Ss][Hh]|[Ss][Mm][Ss])$"}
QUALIFIER = {"minLength": 1, "maxLength": QUALIFIER_LENGTH}
DESTINATION = {"pattern": r"^([!-{}~]{1,255}\|[!-{}~]{1,255}|\+?[0-9]{8,15})$"}
ChannelName = Annotated[StrictStr, Field(examples=["PUSH"], json_schema_extra=CHANNEL)]
QualifierName = Annotated[StrictStr, Field(examples=["ap56921D"], json_schema_extra=QUALIFIER)]
Destination = Annotated[StrictStr, Field(examples=["Sksd03jdJKK|H892hH"], json_schema_extra=DESTINATION)]


class Given(BaseModel):
    """A body. What it does not know it refuses: a misspelt flag must not be taken for its default."""

    model_config = ConfigDict(extra="forbid")


class Policy(BaseModel):
    version: int
    survivor: Survivor
    requiredColumns: list[str]
    lookupKeys: list[str]


class CustomField(Given):
    name: StrictStr = Field(examples=["Favorite Food"])
    value: StrictStr | StrictBool | StrictInt | Decimal | None = Field(
        description="Null clears. Booleans are Yes and No on the wire.", examples=["Burger"]
    )


class ContactInput(Given):
    """Absent leaves a value as it is, null clears it."""

    email: StrictStr | None = None
    emailType: StrictStr | None = None
    leadSource: StrictStr | None = None
    optInDetails: StrictStr | None = Field(default=None, description="Can only be set on a contact being added.")
    visitorKey: StrictStr | None = None
    crmSyncId: StrictStr | None = None
    created: Time | None = Field(default=None, description="Needs an admin's token.")
    customFields: list[CustomField] = []


class LookupKeyField(Given):
    name: StrictStr
    value: StrictStr


class ContactUpsertSpecification(Given):
    lookupKeyFields: list[LookupKeyField] = Field(min_length=1)
    contact: ContactInput = ContactInput()


class ChannelData(Given):
    channelType: ChannelName
    qualifier: QualifierName
    destination: Destination
    status: ConsentStatus | None = None
    consentDate: Time | None = None
    consentSource: StrictStr | None = Field(default=None, max_length=255)
    attributes: dict[Name, Annotated[StrictStr, Field(max_length=255)]] = Field(
        default={}, examples=[{"timezoneId": "CET"}]
    )


class ContactByChannelSpecification(Given):
    channel: ChannelData
    contact: ContactInput = ContactInput()


class ContactInfo(BaseModel):
    id: int
    location: str


class NamedValue(BaseModel):
    name: str
    value: str


class Channel(BaseModel):
    id: int
    channelType: str
    qualifier: str
    destination: str
    status: ConsentStatus
    consentDate: str | None
    consentSource: str | None
    attributes: dict[str, str]


class Contact(BaseModel):
    id: int
    databaseId: int
    created: str
    lastModified: str
    version: int
    email: str | None
    emailType: str | None
    optInDetails: str | None
    leadSource: str | None
    crmSyncId: str | None
    visitorKey: str | None
    muid: str | None
    customFields: list[NamedValue]
    identities: list[NamedValue]
    channels: list[Channel]
    contactLists: list[int]


class MessageInput(Given):
    messageName: Name
    channel: Name = "PUSH"
    body: StrictStr | None = None
    sentDate: Time | None = None
    expires: Time | None = None


class Message(BaseModel):
    id: int
    messageName: str
    channel: str
    body: str | None
    sentDate: str
    expires: str | None


class EventInput(Given):
    type: Name
    occurred: Time | None = None
    attributes: dict[Name, Annotated[StrictStr, Field(max_length=1000)]] = {}


class Event(BaseModel):
    id: int
    type: str
    occurred: str
    recordedOn: int = Field(description="The contact id under which the event came in.")
    attributes: dict[str, str]


class Created(BaseModel):
    id: int


class Column(BaseModel):
    name: str
    type: ColumnKind
    required: bool
    selections: list[str]


class ColumnInput(Given):
    name: Name
    type: ColumnKind = "text"
    required: StrictBool = False
    selections: list[Name] = []


class DatabaseInput(Given):
    id: StrictInt | None = Field(default=None, ge=1, le=2**53, description="Chosen by the service where it is absent.")
    name: Name
    keyed: StrictBool = False


class NameInput(Given):
    name: Name


class Qualifier(BaseModel):
    name: str


class LookupKey(BaseModel):
    databaseId: int
    field: str
    status: Literal["ACTIVE", "CREATE_PENDING"]


class PutLookupKey(LookupKey):
    duplicateValues: int = Field(description="Values that more than one contact holds: they keep the key pending.")
    invalidValues: int = Field(description="Values that no identity can have, such as one with control characters.")


class LookupKeys(BaseModel):
    lookupKeys: list[LookupKey]


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    status: Literal["ready", "not ready"]
    checks: dict[str, str] = Field(examples=[{"database": "ok", "temporal": "ok"}])
