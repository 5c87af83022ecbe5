"""Notices by e-mail, over SMTP."""

import asyncio
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from onefold.notices.notice import NotAccepted, Notice
from onefold.notices.smtp_server import SmtpServer

_SECONDS = 10
_SUBJECTS = {
    "merge.pending": "A merge waits for a decision",
    "merge.planned_anew": "A merge that waits for a decision was planned anew",
    "merge.reminder": "Reminder: a merge still waits for a decision",
}
_TEXT = """\
A merge in database {notice.database_id} waits for a person to decide on it, until {deadline:%Y-%m-%d %H:%M} UTC.
Reasons why a person is asked: {notice.reasons}. Without a decision it expires, and nothing is merged.

Read the plan, approve or reject it:
{notice.link}

You are written to as a specialist of this database. Opening the link decides nothing.
"""


class PasswordUnprotected(Exception):
    """The server offers no TLS, and a password is not sent without."""


@dataclass(frozen=True)
class Email:
    server: SmtpServer
    sender: Address

    async def send(self, notice: Notice, recipient: str) -> None:
        await asyncio.to_thread(self._hand_in, self.message(notice, recipient))

    def message(self, notice: Notice, recipient: str) -> EmailMessage:
        """The same at every attempt: whoever gets it twice can tell by its Message-ID."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = Address(addr_spec=recipient)
        message["Subject"] = _SUBJECTS[notice.kind]
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = f"<{notice.id}@{self.sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
        message.set_content(_TEXT.format(notice=notice, deadline=notice.deadline.astimezone(UTC)))
        return message

    def _hand_in(self, message: EmailMessage) -> None:
        try:
            smtp = self._connect()
            try:
                self._greet(smtp)
                smtp.send_message(message)
                # It is theirs now: a server that stumbles over the good-bye must not make us send it again.
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
            finally:
                smtp.close()
        # Without their cause: these errors quote the addresses.
        except smtplib.SMTPRecipientsRefused as refused:
            raise NotAccepted(next(code for code, _ in refused.recipients.values())) from None
        except smtplib.SMTPResponseException as refused:
            raise NotAccepted(refused.smtp_code) from None

    def _connect(self) -> smtplib.SMTP:
        host, port = self.server.host, self.server.port
        if self.server.tls:
            return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=_SECONDS)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        is_protected = self.server.tls
        if not is_protected and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            is_protected = True
        if self.server.user is None:
            return
        if not is_protected:
            raise PasswordUnprotected
        smtp.login(self.server.user, self.server.password)
