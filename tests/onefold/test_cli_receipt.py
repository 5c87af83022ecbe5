"""`onefold audit receipt` checks for itself; what it is answered may be anybody's."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ledger.checkpoint import Checkpoint
from ledger.note import SigningKey
from ledger.tree import inclusion_proof, root
from tests.chains import entries
from tests.onefold.cli import Command
from tests.stack import SIGNING_SEED, free_port

KEY = SigningKey("onefold", SIGNING_SEED)
LEAVES = [entry.entry_hash for entry in entries(10000, 5)]
RECEIPT = {"database": 10000, "seq": 2, "entry_hash": LEAVES[1].hex()}


def answer(checkpoint: dict[str, Any] | None) -> dict[str, Any]:
    told = {"kind": "merge.executed", "at": "2026-11-23T09:00:00Z", "mergeId": "m-1", "checkpoint": checkpoint}
    return {**RECEIPT, **told}


def covering(key: SigningKey = KEY, origin: str = "onefold/10000", index: int = 1) -> dict[str, Any]:
    note = Checkpoint(origin, 5, root(LEAVES)).signed(key)
    proof = [one.hex() for one in inclusion_proof(LEAVES, index)]
    return {"origin": origin, "size": 5, "note": note, "at": "2026-11-23T09:00:05Z", "inclusionProof": proof}


@contextmanager
def answering(told: dict[str, Any]) -> Iterator[str]:
    """An API that says this whatever it is asked, as one could that is not to be trusted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(told if asked == RECEIPT else {}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Says nothing."""

    port = free_port()
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_TOKEN", "of_token")
    monkeypatch.setenv("ONEFOLD_VERIFIER_KEY", str(KEY.verifier))


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The whole answer to a merge, with its receipt in it."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"outcome": "merged", "receipt": RECEIPT}), encoding="utf-8")
    return str(path)


def test_a_signature_and_a_proof_that_hold_are_said_to(
    onefold: Command, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = ("--database", "10000", "--seq", "2", "--hash", RECEIPT["entry_hash"])
    with answering(answer(covering())) as url:
        monkeypatch.setenv("ONEFOLD_URL", url)
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(RECEIPT)))
        for given in ((file,), ("-",), fields):
            ended = onefold("audit", "receipt", *(str(one) for one in given))
            assert ended.code == 0, ended.err
            assert "its signature holds, and the proof leads to its root" in " ".join(ended.out.split())
        assert onefold("audit", "receipt", file, "--json").json["proven"] is True
        monkeypatch.delenv("ONEFOLD_VERIFIER_KEY")
        ended = onefold("audit", "receipt", file)
        assert "says the API; with --key" in ended.out
        assert onefold("audit", "receipt", file, "--json").json["proven"] is False


@pytest.mark.parametrize(
    ("checkpoint", "code"),
    [
        (covering(key=SigningKey("onefold", b"o" * 32)), "checkpoint-refused"),
        (covering(origin="onefold/20000"), "checkpoint-refused"),
        (covering(index=2), "proof-refused"),
        ({**covering(), "note": "no note"}, "checkpoint-refused"),
        ({**covering(), "inclusionProof": ["xyz"]}, "api-strange"),
        ({**covering(), "note": None}, "api-strange"),
        ({"size": 5}, "api-strange"),
    ],
)
def test_what_does_not_hold_is_told_whatever_the_api_says(
    onefold: Command, file: str, monkeypatch: pytest.MonkeyPatch, checkpoint: dict[str, Any], code: str
) -> None:
    with answering(answer(checkpoint)) as url:
        monkeypatch.setenv("ONEFOLD_URL", url)
        ended = onefold("audit", "receipt", file)
    assert (ended.code, ended.out) == (1, "")
    assert f"({code})" in ended.err


def test_a_receipt_that_is_not_covered_yet_is_no_failure(
    onefold: Command, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(answer(None)) as url:
        monkeypatch.setenv("ONEFOLD_URL", url)
        ended = onefold("audit", "receipt", file)
    assert ended.code == 0
    assert "none covers it yet" in ended.out


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"receipt": null}', '{"database": 1, "seq": 1, "entry_hash": "x"}']
)
def test_what_is_no_receipt_is_told(onefold: Command, tmp_path: Path, content: str) -> None:
    path = tmp_path / "receipt"
    path.write_text(content, encoding="utf-8")
    ended = onefold("audit", "receipt", str(path))
    assert ended.code == 1
    assert "(receipt-invalid)" in ended.err


def test_the_key_is_that_of_the_worker(live_onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live_onefold("audit", "key").out == f"{KEY.verifier}\n"
    for name in ("ONEFOLD_CHECKPOINT_KEY", "ONEFOLD_CHECKPOINT_PLACES"):
        monkeypatch.delenv(name)
    assert "(settings-invalid)" in live_onefold("audit", "key").err
