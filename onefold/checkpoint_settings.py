"""The settings of checkpoints: what signs them, in whose name, and where they go."""

import re
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from onefold.webhook_forms import check_signing_key, is_http

if TYPE_CHECKING:
    from ledger.note import SigningKey

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)*")

_COMMA = re.compile(r"\s*,\s*(?=/|\w+://)")  # a folder may have one in its name
_WANTED = "folders (/...) and http(s) URLs, each once and comma-separated, are wanted"


class CheckpointSettings(BaseSettings):
    """The worker's alone: the key that signs is not at hand in the process that the world reaches.

    The places are secret too: a URL may hold what admits us.
    """

    model_config = SettingsConfigDict(env_prefix="ONEFOLD_", env_ignore_empty=True)

    checkpoint_key: SecretStr | None = Field(
        default=None, description="32 bytes, base64: the Ed25519 seed that signs checkpoints; unset, none is signed."
    )
    checkpoint_name: str = Field(default="onefold", description="Whose checkpoints they are; a new name begins anew.")
    checkpoint_places: SecretStr | None = Field(
        default=None, description="Where they go: folders and http(s) URLs, comma-separated, two at least."
    )
    checkpoint_webhook_secret: SecretStr | None = Field(
        default=None, description="What is posted to these URLs is signed with: `whsec_` and 24 to 64 bytes in base64."
    )

    @field_validator("checkpoint_key")
    @classmethod
    def _seed(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(b64decode(key.get_secret_value(), validate=True)) != 32:
            raise ValueError("32 bytes in base64 are wanted")
        return key

    @field_validator("checkpoint_name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not _NAME.fullmatch(name) or len(name) > 100:
            raise ValueError(
                "a name like onefold.example/ledger is wanted: small letters, digits, dots, hyphens, slashes"
            )
        return name

    @field_validator("checkpoint_places")
    @classmethod
    def _places(cls, places: SecretStr | None) -> SecretStr | None:
        listed = [one if is_http(one) else Path(one) for one in _listed(places)]
        is_known = all(isinstance(one, str) or one.is_absolute() for one in listed)
        if not is_known or len(set(listed)) != len(listed):
            raise ValueError(_WANTED)
        return places

    @field_validator("checkpoint_webhook_secret")
    @classmethod
    def _signing_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            check_signing_key(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.checkpoint_key is None) != (self.checkpoint_places is None):
            raise ValueError(
                "The settings ONEFOLD_CHECKPOINT_KEY and ONEFOLD_CHECKPOINT_PLACES belong together:"
                " set both, or neither."
            )
        if self.checkpoint_urls and self.checkpoint_webhook_secret is None:
            raise ValueError("A URL among ONEFOLD_CHECKPOINT_PLACES needs ONEFOLD_CHECKPOINT_WEBHOOK_SECRET.")
        return self

    @property
    def signing_key(self) -> "SigningKey | None":
        """None where nothing is to be signed."""
        from ledger.note import SigningKey  # noqa: PLC0415 - slow to import

        if self.checkpoint_key is None:
            return None
        return SigningKey(self.checkpoint_name, b64decode(self.checkpoint_key.get_secret_value()))

    @property
    def checkpoint_folders(self) -> list[Path]:
        return [Path(one) for one in _listed(self.checkpoint_places) if not is_http(one)]

    @property
    def checkpoint_urls(self) -> list[str]:
        return [one for one in _listed(self.checkpoint_places) if is_http(one)]


def _listed(places: SecretStr | None) -> list[str]:
    return _COMMA.split(places.get_secret_value().strip(" ,")) if places else []
