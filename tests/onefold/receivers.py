"""Who gets notices: a mail server and a webhook's receiver, real ones, in threads of their own."""

import asyncio
import json
import queue
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from standardwebhooks import Webhook

from tests.stack import free_port

WEBHOOK_SECRET = "whsec_" + "d2ViaG9vayBzZWNyZXQgb2YgdGhlc2UgdGVzdHM="
ACCEPTED = "250 OK"


@dataclass
class Mailbox:
    """What a mail server was handed. `answers` are to its next messages; without a `goodbye` it hangs up instead."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str | None, list[str]]] = field(default_factory=list)
    under_tls: list[bool] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    goodbye: str | None = "221 Bye"
    refused_recipient: str | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name, as are the next two
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refused_recipient:
            return f"550 <{address}> {self.refused_recipient}"
        envelope.rcpt_tos.append(address)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer == ACCEPTED:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.messages.append(message)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            self.under_tls.append(session.ssl is not None)
        return answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.goodbye is None:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.goodbye or ""

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"p@ss word", handled=False)


@contextmanager
def mail_server(*, implicit_tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """`options` are those of aiosmtpd's SMTP. Its authenticator is the mailbox's."""
    mailbox = Mailbox(free_port())
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        ssl_context=implicit_tls,
        server_hostname="localhost",
        authenticator=mailbox.authenticate,
        **options,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass(frozen=True)
class Delivery:
    headers: Mapping[str, str]
    body: bytes

    def verified(self) -> dict[str, Any]:
        """As a receiver would: raises where the signature is not of this body, id and minute."""
        return dict(Webhook(WEBHOOK_SECRET).verify(self.body, dict(self.headers)))


@dataclass
class Receiver:
    """A webhook's receiver. `answers` are the statuses of its next answers; then it says 204, once it may."""

    port: int
    deliveries: list[Delivery] = field(default_factory=list)
    answers: "queue.SimpleQueue[int]" = field(default_factory=queue.SimpleQueue)
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?admission=let-me-in"


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    receiver = Receiver(free_port())
    receiver.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.deliveries.append(Delivery(dict(self.headers.items()), body))
            receiver.may_answer.wait(30)
            status = 204 if receiver.answers.empty() else receiver.answers.get()
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("location", receiver.url)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # of five, its own, four relays at once are refused now and then

    with Server(("127.0.0.1", receiver.port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def told(message: EmailMessage) -> str:
    """All that a mail says, headers included, in clear."""
    return json.dumps(dict(message.items())) + str(message.get_content())
