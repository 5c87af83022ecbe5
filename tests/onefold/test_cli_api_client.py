"""Commands over HTTP: what is told where the API is not there, is something else, or says no."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from onefold.commands import api_client
from tests.onefold.cli import Command
from tests.stack import Stack, free_port

NOBODYS = "00000000-0000-4000-8000-000000000000"
TOKEN = f"of_00000000_{'s' * 43}"
CODES = [(404, 4), (403, 3), (400, 3), (409, 3), (412, 3), (422, 3), (429, 3), (500, 1), (502, 1), (503, 5)]
PROBLEM = b"Content-Type: application/problem+json\r\n"


def told(onefold: Command, url: str, token: str = TOKEN) -> tuple[int, str, str]:
    """How a command ends with this URL and token: its exit code, the sentence, and the sentence's code."""
    ended = onefold("plan", "show", NOBODYS, "--url", url, "--token", token)
    assert token.strip() not in ended.err
    assert ended.out == ""
    sentence, _, code = ended.err.removeprefix("onefold: ").rstrip().rpartition(" ")
    return ended.code, sentence, code.strip("()")


def problem(status: int, code: str) -> bytes:
    """An answer that refuses."""
    body = b'{"status": %d, "code": "%s", "detail": "Some \\u202edetail."}' % (status, code.encode())
    return b"HTTP/1.1 %d So\r\n%sContent-Length: %d\r\n\r\n" % (status, PROBLEM, len(body)) + body


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """The URL of what answers one request with these bytes, and then hangs up; None: it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(65_536)
                if answer is None:
                    caller.recv(1)  # until the caller gives up
                else:
                    caller.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_an_api_that_is_not_there_is_told_with_what_to_check(onefold: Command) -> None:
    port = free_port()
    code, sentence, name = told(onefold, f"http://user:hunter2@127.0.0.1:{port}/")
    assert (code, name) == (5, "api-unreachable")
    assert sentence == (
        f"Nothing answers at http://127.0.0.1:{port}: check ONEFOLD_URL, and that `onefold up` or `onefold serve` runs"
        " there."
    )


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "x\ny", "x"])
def test_a_url_that_is_none_is_told(onefold: Command, url: str) -> None:
    code, sentence, name = told(onefold, url)
    assert (code, name) == (1, "settings-invalid")
    assert sentence == "ONEFOLD_URL cannot be used: http://host:port is wanted."


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"of {TOKEN}", f"{TOKEN}\u00e9", f"{TOKEN}\x7f"])
def test_a_token_that_no_header_can_hold_is_told_and_never_repeated(onefold: Command, token: str) -> None:
    code, _, name = told(onefold, "http://127.0.0.1:1", token)
    assert (code, name) == (1, "token-invalid")


def test_a_token_that_is_not_known_is_refused(live_onefold: Command, stack: Stack) -> None:
    assert told(live_onefold, f"{stack.url}/") == (4, "A valid bearer token is required.", "unauthenticated")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<h1/>", 200),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 301),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 502),
        (b"HTTP/1.1 500 No\r\n" + PROBLEM + b"Content-Length: 3\r\n\r\nnot", 500),
    ],
)
def test_what_is_not_the_api_is_told_as_such(onefold: Command, answer: bytes, status: int) -> None:
    with answering(answer) as url:
        code, sentence, name = told(onefold, url)
    assert (code, name) == (1, "api-strange")
    assert sentence == f"{url} answered {status}, and not as Onefold's API does: check ONEFOLD_URL."


@pytest.mark.parametrize(("status", "exit_code"), CODES)
def test_a_refusal_exits_with_what_there_is_to_do_about_it(onefold: Command, status: int, exit_code: int) -> None:
    with answering(problem(status, "some-code")) as url:
        assert told(onefold, url) == (exit_code, "Some <U+202E>detail.", "some-code")


@pytest.mark.parametrize("code", ["scope-missing", "role-missing"])
def test_what_the_token_does_not_reach_exits_with_4_and_a_rule_for_everybody_with_3(
    onefold: Command, code: str
) -> None:
    with answering(problem(403, code)) as url:
        assert told(onefold, url)[0] == 4
    with answering(problem(403, "own-request")) as url:
        assert told(onefold, url)[0] == 3


def test_an_answer_that_is_cut_off_says_that_nobody_knows_what_was_done(onefold: Command) -> None:
    with answering(b"") as url:
        code, sentence, name = told(onefold, url)
    assert (code, name) == (5, "api-cut-off")
    assert sentence.endswith("may have been done all the same: look before you repeat it.")


def test_so_does_one_that_does_not_come(onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "_PATIENCE", 0.2)
    with answering(None) as url:
        code, sentence, name = told(onefold, url)
    assert (code, name) == (5, "api-timeout")
    assert sentence.endswith("may have been done all the same: look before you repeat it.")


def test_a_proxy_of_the_environment_is_not_asked(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be handed the token."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert told(live_onefold, stack.url)[2] == "unauthenticated"
