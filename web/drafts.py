"""What somebody wrote when their session was over: it comes back into its form once they have signed in again.

It travels in the bodies of forms alone: no URL, cookie or table ever holds it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from fastapi import Request
from starlette.responses import Response
from starlette.routing import compile_path

from api.services import Services
from web.forms import TOKEN, Form
from web.viewer import Viewer

Again = Callable[..., Awaitable[Response]]

AUTHOR = "author"
"""The field of a form that says whose page it stood on: nobody gets what another wrote."""

_TEXTS = {"reason": "The reason that you wrote", "text": "The comment that you wrote"}
_PATH = "draft-of"
_FIELD = "draft."


class Forms:
    """What shows the page of a form with the fields of a draft filled in, by the path that the form is sent to."""

    def __init__(self, pages: Mapping[str, Again]) -> None:
        self._pages = [(*compile_path(path), again) for path, again in pages.items()]

    def find(self, path: str) -> tuple[Again, dict[str, Any]] | None:
        """With the parameters that the path holds."""
        for pattern, _, convertors, again in self._pages:
            if found := pattern.match(path):
                return again, {name: convertors[name].convert(value) for name, value in found.groupdict().items()}
        return None


@dataclass(frozen=True)
class Draft:
    """The fields of a form, and the path that it was sent to."""

    path: str
    form: Form

    @classmethod
    def sent(cls, path: str, form: Form) -> Self | None:
        """What a form held; None for one that names no author, and has nothing to lose."""
        return cls(path, form) if form.has(AUTHOR) else None

    @classmethod
    def carried(cls, form: Form) -> Self | None:
        """What a sign-in form has carried along."""
        fields = {name.removeprefix(_FIELD): form[name] for name in form.fields if name.startswith(_FIELD)}
        return cls.sent(form[_PATH], Form(fields))

    @property
    def hidden(self) -> Iterator[tuple[str, str]]:
        """The fields that a sign-in form carries for it."""
        yield _PATH, self.path
        yield from ((f"{_FIELD}{name}", self.form[name]) for name in self.form.fields if name != TOKEN)

    def is_of(self, viewer: Viewer) -> bool:
        return self.form[AUTHOR] == str(viewer.session.person_id)

    async def shown_again(self, request: Request, wired: Services, viewer: Viewer, notice: str) -> Response | None:
        """The page of the form, filled in; None for a form of no page. Raises what that page does."""
        forms: Forms = request.app.state.forms
        found = forms.find(self.path)
        if found is None:
            return None
        again, named = found
        request.state.notice = notice
        return await again(request, wired, viewer, self.form, **named)


def texts_in(form: Form | None) -> list[tuple[str, str, str]]:
    """What people wrote into a form, for showing it where the form itself is not: names, words for them, texts."""
    return [(name, words, form[name]) for name, words in _TEXTS.items() if form and form.has(name)]
