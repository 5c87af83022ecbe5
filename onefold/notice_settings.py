"""The settings of notices: where they are sent, and where their links lead."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from onefold.notices.smtp_server import SmtpServer, parse_sender
from onefold.webhook_forms import check_signing_key, is_http

_PAIRS = (("smtp_url", "smtp_from"), ("webhook_url", "webhook_secret"))


class NoticeSettings(BaseSettings):
    """Each pair is there or not. The URLs are secret: one holds a password, the other may hold what admits us."""

    model_config = SettingsConfigDict(env_prefix="ONEFOLD_", env_ignore_empty=True)

    public_url: str | None = Field(
        default=None, description="Where people reach the pages; unset, where the API listens."
    )
    smtp_url: SecretStr | None = Field(
        default=None, description="Where e-mail is handed in: smtp://user:password@host:port, or smtps://..."
    )
    smtp_from: str | None = Field(default=None, description="The sender of e-mail.")
    webhook_url: SecretStr | None = Field(default=None, description="Whom notices are posted to, signed.")
    webhook_secret: SecretStr | None = Field(
        default=None, description="What they are signed with: `whsec_` and 24 to 64 bytes in base64."
    )

    @field_validator("public_url")
    @classmethod
    def _pages(cls, url: str | None) -> str | None:
        if url is not None and not is_http(url):
            raise ValueError("https://host, or http://host:port, is wanted")
        return url and url.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            SmtpServer.parse(url.get_secret_value())
        return url

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, sender: str | None) -> str | None:
        if sender is not None:
            parse_sender(sender)
        return sender

    @field_validator("webhook_url")
    @classmethod
    def _receiver(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not is_http(url.get_secret_value()):
            raise ValueError("https://host/path, or http://host:port/path, is wanted")
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _signing_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            check_signing_key(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for pair in _PAIRS:
            if len([name for name in pair if getattr(self, name) is None]) == 1:
                one, other = (f"ONEFOLD_{name.upper()}" for name in pair)
                raise ValueError(f"The settings {one} and {other} belong together: set both, or neither.")
        return self

    @property
    def notice_channels(self) -> frozenset[str]:
        """The ways to send notices that are set up."""
        ways = {"email": self.smtp_url, "webhook": self.webhook_url}
        return frozenset(way for way, url in ways.items() if url is not None)
