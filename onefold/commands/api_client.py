"""The HTTP API as commands call it: what it refuses, and what fails on the way, ends as a sentence with a code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from onefold.commands.failures import UNREACHABLE, CommandFailed, exit_code_of
from onefold.commands.running import told

if TYPE_CHECKING:
    import httpx

_PATIENCE = 90.0  # seconds; the API answers within ONEFOLD_WAIT, which is a minute at most
_PROBLEM = "application/problem+json"
_UNKNOWN = "What you asked for may have been done all the same: look before you repeat it."

_URL, _PERSONS, _REQUESTERS = "ONEFOLD_URL", "ONEFOLD_SPECIALIST_TOKEN", "ONEFOLD_TOKEN"

MergeId = Annotated[UUID, typer.Argument(metavar="ID", help="The mergeId that every answer names.")]
Url = Annotated[str | None, typer.Option(envvar=_URL, help="Where the API is.")]
# In the environment it is not in the shell's history, nor in the list of processes.
PersonsToken = Annotated[
    str | None, typer.Option("--token", envvar=_PERSONS, help="A personal token; better not typed here.")
]
RequestersToken = Annotated[
    str | None, typer.Option("--token", envvar=_REQUESTERS, help="The token that asked; better not typed here.")
]


class ApiRefused(CommandFailed):
    """What the API said no to; `problem` is its problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem["code"], problem["detail"], exit_code_of(problem["status"], problem["code"]))
        self.problem = problem


def as_person(url: str | None, token: str | None) -> "Api":
    """Raises BadParameter where nobody said where the API is, or with which token."""
    return _api(url, token, _PERSONS)


def as_requester(url: str | None, token: str | None) -> "Api":
    """Raises BadParameter where nobody said where the API is, or with which token."""
    return _api(url, token, _REQUESTERS)


def _api(url: str | None, token: str | None, variable: str) -> "Api":
    """Both as given, or both from the data folder: a token is sent nowhere but where it was given for."""
    if not url and not token:
        from onefold.checks.local_run import LocalRun
        from onefold.checks.settings import data_folder

        here = LocalRun(data_folder())
        url, token = here.reached_by.get(_URL), here.reached_by.get(variable)
        if url and token:
            told(here.data, [_URL, variable])
    if not url or not token:
        missing = variable if url else _URL
        raise typer.BadParameter("it is not given, nor set.", param_hint=f"--{'token' if url else 'url'} ({missing})")
    return Api(url, token)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


@dataclass(frozen=True)
class Api:
    """The API at this URL, for whoever has this token."""

    url: str
    token: str = field(repr=False)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return self.ask("GET", path, query=query).body

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises ApiRefused, or CommandFailed where the API does not answer as it should."""
        # A header can't hold anything else, and the library's complaint would repeat it.
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise CommandFailed("token-invalid", "The token has characters that no token has: copy it again.")
        response = self._send(
            method,
            path,
            params=query,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            **({} if body is None else {"json": body}),
        )
        return _answer(response, self.url)

    def _send(self, method: str, path: str, **sent: Any) -> "httpx.Response":
        import httpx

        try:
            return httpx.request(method, self.url.rstrip("/") + path, timeout=_PATIENCE, trust_env=False, **sent)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise CommandFailed("settings-invalid", "ONEFOLD_URL cannot be used: http://host:port is wanted.") from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise CommandFailed(
                "api-unreachable",
                f"Nothing answers at {_place(self.url)}: check ONEFOLD_URL, and that `onefold up` or `onefold serve`"
                " runs there.",
                UNREACHABLE,
            ) from None
        except httpx.TimeoutException:
            raise CommandFailed(
                "api-timeout",
                f"{_place(self.url)} has not answered for {_PATIENCE:.0f} seconds. {_UNKNOWN}",
                UNREACHABLE,
            ) from None
        except httpx.TransportError as error:
            raise CommandFailed(
                "api-cut-off", f"{_place(self.url)} was cut off ({type(error).__name__}). {_UNKNOWN}", UNREACHABLE
            ) from None


def _answer(response: "httpx.Response", url: str) -> Answer:
    kind = response.headers.get("content-type", "").partition(";")[0]
    try:
        body = json.loads(response.content) if response.content else None
    except ValueError:
        body = None
    if kind == _PROBLEM and isinstance(body, dict):
        raise ApiRefused(body)
    if not response.is_success or (response.content and body is None):
        raise CommandFailed(
            "api-strange",
            f"{_place(url)} answered {response.status_code}, and not as Onefold's API does: check ONEFOLD_URL.",
        )
    return Answer(response.status_code, body)


def _place(url: str) -> str:
    """Without a password that a URL may hold."""
    import httpx

    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
