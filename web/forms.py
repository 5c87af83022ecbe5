"""Forms: read whole, sent by a page of ours, and bound to what its viewer saw."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import UploadFile

from domain.errors import BodyTooLarge, FormForeign, FormStale, ValueInvalid
from domain.text import prose_flaw
from web.rendering import own_path
from web.viewer import Viewer

LARGEST = 64 * 1024
_REASON_LENGTH = 2000
TOKEN = "form_token"  # noqa: S105 - a field's name


@dataclass(frozen=True)
class Form:
    """The fields of one form, as texts; what is missing reads as empty."""

    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "").replace("\r\n", "\n").strip()

    def has(self, name: str) -> bool:
        return bool(self[name])


async def read_form(request: Request, largest: int = LARGEST) -> Form:
    """Raises FormForeign for a form of another site, BodyTooLarge, ValueInvalid for what is no text."""
    demand_own_origin(request)
    length = request.headers.get("content-length")
    if length is None or int(length) > largest:  # a browser says how long a form is
        raise BodyTooLarge(f"The form is larger than {largest // 1024} KiB.")
    given = await request.form(max_files=0, max_fields=200)
    fields = {name: value for name, value in given.items() if not isinstance(value, UploadFile)}
    if any("\x00" in value for value in fields.values()):  # PostgreSQL takes none
        raise ValueInvalid("A form must not hold the character U+0000.")
    return Form(fields)


async def read_bound_form(request: Request, viewer: Viewer, *shown: str) -> Form:
    """A form that this viewer's own page made for this path, and for what was `shown` there.

    `shown` are names of fields whose values the token binds, such as the digest of the plan. Raises FormStale for a
    token of another session, path or plan, and what `read_form` raises.
    """
    form = await read_form(request)
    expected = viewer.form_token(own_path(request), *(form[name] for name in shown))
    if not hmac.compare_digest(form[TOKEN].encode(), expected.encode()):
        raise FormStale
    return form


def demand_own_origin(request: Request) -> None:
    """By what the browser says of where a request comes from; an old one that says nothing has the form's token."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FormForeign
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise FormForeign


def reason_trouble(form: Form) -> str | None:
    """What is the matter with a rejection's reason."""
    if not form.has("reason"):
        return "A rejection needs a reason: whoever asked reads it."
    return prose_trouble("The reason", form["reason"])


def prose_trouble(what: str, text: str) -> str | None:
    """What is the matter with the text that somebody wrote beside a decision."""
    try:
        demand_text(what, text, _REASON_LENGTH)
    except ValueInvalid as refusal:
        return refusal.detail
    return None


def demand_text(what: str, text: str, longest: int) -> None:
    """Raises ValueInvalid. Several lines are fine, and what is invisible in them is shown as code points."""
    if len(text) > longest:
        raise ValueInvalid(f"{what} must not be longer than {longest} characters; it has {len(text)}.")
    if fault := prose_flaw(text):
        raise ValueInvalid(f"{what} {fault}.")
