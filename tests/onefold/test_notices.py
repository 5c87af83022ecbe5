"""Notices by e-mail and to a webhook, against a real mail server and a real receiver."""

import asyncio
import socket
import ssl
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from smtplib import SMTPServerDisconnected
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import WebhookVerificationError

from onefold import signed_post
from onefold.notices import email as email_module
from onefold.notices.email import Email, PasswordUnprotected
from onefold.notices.notice import NotAccepted, Notice, RecipientGone
from onefold.notices.smtp_server import SmtpServer, parse_sender
from onefold.notices.webhook import Webhook
from tests.onefold.receivers import WEBHOOK_SECRET, Mailbox, Receiver, mail_server, told, webhook_receiver

NOTICE = Notice(
    id=UUID("0d1f4b0e-7a5c-4a53-9d4a-6f7f0a1b2c3d"),
    kind="merge.pending",
    at=datetime(2026, 11, 23, 8, 15, tzinfo=UTC),
    merge_id=UUID("5b1c2d3e-0000-4000-8000-000000000001"),
    database_id=99999,
    deadline=datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
    reasons=2,
    link="https://onefold.example/merges/5b1c2d3e-0000-4000-8000-000000000001",
)
READER = "reader@people.example"
KINDS = ("merge.pending", "merge.planned_anew", "merge.reminder")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


def email(mailbox: Mailbox, scheme: str = "smtp", login: str = "") -> Email:
    server = SmtpServer.parse(f"{scheme}://{login}127.0.0.1:{mailbox.port}")
    return Email(server, parse_sender("Onefold <notices@onefold.example>"))


def hook(receiver: Receiver) -> Webhook:
    return Webhook(receiver.url, WEBHOOK_SECRET)


async def test_a_mail_says_what_waits_until_when_and_where(mailbox: Mailbox) -> None:
    await email(mailbox).send(NOTICE, READER)
    (message,) = mailbox.messages
    assert mailbox.envelopes == [("notices@onefold.example", [READER])]
    assert {name: value for name, value in message.items() if name != "Content-Transfer-Encoding"} == {
        "From": "Onefold <notices@onefold.example>",
        "To": READER,
        "Subject": "A merge waits for a decision",
        "Date": "Mon, 23 Nov 2026 08:15:00 +0000",
        "Message-ID": f"<{NOTICE.id}@onefold.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "MIME-Version": "1.0",
    }
    text = message.get_content().replace("\r\n", "\n")
    assert "database 99999" in text
    assert "until 2026-11-26 09:30 UTC" in text
    assert f"\n{NOTICE.link}\n" in text


async def test_each_kind_has_its_subject(mailbox: Mailbox) -> None:
    for kind in KINDS:
        await email(mailbox).send(replace(NOTICE, kind=kind), READER)
    assert len({message["Subject"] for message in mailbox.messages}) == len(KINDS)


async def test_a_repeat_is_the_same_mail(mailbox: Mailbox) -> None:
    for _ in range(2):
        await email(mailbox).send(NOTICE, READER)
    first, second = (told(message) for message in mailbox.messages)
    assert first == second


async def test_tls_begins_as_soon_as_the_server_offers_it(tls: ssl.SSLContext, trusted: None) -> None:
    with mail_server(tls_context=tls) as mailbox:
        await email(mailbox).send(NOTICE, READER)
    assert mailbox.under_tls == [True]


async def test_smtps_is_tls_from_the_first_byte(tls: ssl.SSLContext, trusted: None) -> None:
    with mail_server(implicit_tls=tls, auth_require_tls=False) as mailbox:
        await email(mailbox, "smtps", "me%40here:p%40ss%20word@").send(NOTICE, READER)
    assert len(mailbox.messages) == 1
    assert mailbox.logins == [("me@here", "p@ss word")]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(tls: ssl.SSLContext, scheme: str) -> None:
    options = {"tls_context": tls} if scheme == "smtp" else {"implicit_tls": tls}
    with mail_server(**options) as mailbox, pytest.raises(ssl.SSLCertVerificationError):
        await email(mailbox, scheme, "me:p%40ss%20word@").send(NOTICE, READER)
    assert (mailbox.messages, mailbox.logins) == ([], [])


async def test_a_password_is_sent_under_tls(tls: ssl.SSLContext, trusted: None) -> None:
    with mail_server(tls_context=tls, auth_required=True) as mailbox:
        await email(mailbox, login="me:p%40ss%20word@").send(NOTICE, READER)
    assert mailbox.logins == [("me", "p@ss word")]
    assert mailbox.under_tls == [True]


async def test_a_password_is_never_sent_without_tls() -> None:
    with mail_server(auth_require_tls=False) as mailbox, pytest.raises(PasswordUnprotected):
        await email(mailbox, login="me:p%40ss%20word@").send(NOTICE, READER)
    assert (mailbox.messages, mailbox.logins) == ([], [])


async def test_a_wrong_password_is_a_failure(tls: ssl.SSLContext, trusted: None) -> None:
    with mail_server(tls_context=tls) as mailbox, pytest.raises(NotAccepted) as refused:
        await email(mailbox, login="me:wrong@").send(NOTICE, READER)
    assert refused.value.code == 535


async def test_what_a_server_says_is_not_repeated(mailbox: Mailbox) -> None:
    mailbox.refused_recipient = "is unknown"
    with pytest.raises(NotAccepted) as refused:
        await email(mailbox).send(NOTICE, READER)
    assert refused.value.code == 550
    assert READER not in "".join(traceback.format_exception(refused.value))


async def test_a_message_that_is_not_taken_is_a_failure(mailbox: Mailbox) -> None:
    mailbox.answers.append("451 come back later")
    with pytest.raises(NotAccepted) as refused:
        await email(mailbox).send(NOTICE, READER)
    assert refused.value.code == 451


async def test_what_was_taken_is_sent_also_if_the_server_stumbles_afterwards(mailbox: Mailbox) -> None:
    mailbox.goodbye = None
    await email(mailbox).send(NOTICE, READER)
    assert len(mailbox.messages) == 1


async def test_a_server_that_is_not_there_is_a_failure(mailbox: Mailbox) -> None:
    away = replace(mailbox, port=1)
    with pytest.raises(OSError, match="refused"):
        await email(away).send(NOTICE, READER)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_server_that_says_nothing_is_a_failure(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(email_module, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sending = asyncio.create_task(
            email(replace(mailbox, port=silent.getsockname()[1]), scheme).send(NOTICE, READER)
        )
        done, _ = await asyncio.wait([sending], timeout=3)
    assert done
    with pytest.raises((TimeoutError, SMTPServerDisconnected)):
        await sending


@pytest.mark.parametrize(
    "recipient", ["", "nobody", f"{READER}, other@people.example", f"{READER}\r\nBcc: other@people.example"]
)
async def test_one_mail_goes_to_one_address(mailbox: Mailbox, recipient: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever the standard library calls it
        await email(mailbox).send(NOTICE, recipient)
    assert mailbox.messages == []


async def test_the_receiver_can_verify_what_it_gets(receiver: Receiver) -> None:
    await hook(receiver).send(NOTICE, "")
    (delivery,) = receiver.deliveries
    assert delivery.verified() == {
        "type": "merge.pending",
        "timestamp": "2026-11-23T08:15:00Z",
        "data": {
            "mergeId": str(NOTICE.merge_id),
            "databaseId": 99999,
            "deadline": "2026-11-26T09:30:00Z",
            "reasons": 2,
            "link": NOTICE.link,
        },
    }
    assert delivery.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        replace(delivery, body=delivery.body.replace(b"99999", b"10000")).verified()


async def test_a_repeat_has_the_same_id_and_a_signature_of_its_own_time(receiver: Receiver) -> None:
    await hook(receiver).send(NOTICE, "")
    await asyncio.sleep(1.1)
    await hook(receiver).send(NOTICE, "")
    first, second = receiver.deliveries
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(NOTICE.id)
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert first.verified() == second.verified()


@pytest.mark.parametrize("status", [200, 202, 299])
async def test_2xx_is_done(receiver: Receiver, status: int) -> None:
    receiver.answers.put(status)
    await hook(receiver).send(NOTICE, "")
    assert len(receiver.deliveries) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503])
async def test_all_else_is_a_failure_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.answers.put(status)
    with pytest.raises(NotAccepted) as refused:
        await hook(receiver).send(NOTICE, "")
    assert (refused.value.code, type(refused.value)) == (status, NotAccepted)
    assert len(receiver.deliveries) == 1


async def test_410_is_the_end(receiver: Receiver) -> None:
    receiver.answers.put(410)
    with pytest.raises(RecipientGone):
        await hook(receiver).send(NOTICE, "")


@pytest.mark.parametrize("trickle", [b"", b"x"])
async def test_a_receiver_gets_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch, trickle: bytes) -> None:
    """Whether it says nothing, or a byte now and then."""
    monkeypatch.setattr(signed_post, "_SECONDS", 0.5)

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nslow: ")
        while not reader.at_eof() and not writer.is_closing():
            writer.write(trickle)
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(reader.read(65536), timeout=0.05)
        writer.close()

    async with await asyncio.start_server(answer_slowly, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Webhook(f"http://127.0.0.1:{port}", WEBHOOK_SECRET).send(NOTICE, ""), timeout=5)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, False, None, "")),
        ("smtps://mail.example", SmtpServer("mail.example", 465, True, None, "")),
        ("smtp://mail.example:25/", SmtpServer("mail.example", 25, False, None, "")),
        ("smtps://me%40here:p%3Aw@[::1]:2465", SmtpServer("::1", 2465, True, "me@here", "p:w")),
    ],
)
def test_a_server_is_read_from_a_url(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server


def test_a_server_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(SmtpServer.parse("smtp://me:hunter2@mail.example"))
    assert "hunter2" not in repr(Webhook("https://hook.example/hunter2", "whsec_hunter2"))
