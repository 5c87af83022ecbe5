"""Settings: environment variables, read once."""

from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.keyring import Keyring
from onefold.checkpoint_settings import CheckpointSettings
from onefold.notice_settings import NoticeSettings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Port = Annotated[int, Field(ge=1, le=65535)]
Kind = TypeVar("Kind", bound=BaseSettings)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 compared with, never bound


class SettingsError(Exception):
    """A setting that cannot be used; the message is a sentence and never repeats the value, which may be a secret."""


class UpSettings(BaseSettings):
    """What `onefold up` needs to know."""

    model_config = SettingsConfigDict(env_prefix="ONEFOLD_", env_ignore_empty=True)

    data: Path = Path(".onefold")
    host: str = "127.0.0.1"
    port: Port = 8080
    postgres_port: Port = 5433
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    owner_database_url: SecretStr | None = None
    temporal_address: str | None = Field(None, validation_alias="TEMPORAL_ADDRESS")


class DatabaseSettings(BaseSettings):
    """Where the database is."""

    model_config = SettingsConfigDict(env_prefix="ONEFOLD_", env_ignore_empty=True)

    database_url: SecretStr = Field(validation_alias="DATABASE_URL", description="PostgreSQL 15 or newer.")

    @field_validator("database_url", "owner_database_url", check_fields=False)
    @classmethod
    def _postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        # Slow to import, and `onefold up` needs neither.
        from sqlalchemy.engine import make_url  # noqa: PLC0415
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        try:
            driver = make_url(url.get_secret_value()).drivername
        except (ArgumentError, ValueError):
            driver = None
        if driver not in {"postgresql", "postgresql+psycopg"}:
            raise ValueError("postgresql://user:password@host:port/name is wanted")
        return url


class StoreSettings(DatabaseSettings):
    """What a tool needs that works on the database alone."""

    ledger_keys: SecretStr = Field(
        description="Keys that wrap those of the values beside the ledger; in the same form as the codec's."
    )

    @field_validator("ledger_keys")
    @classmethod
    def _ledger_keyring(cls, keys: SecretStr) -> SecretStr:
        return demand_keys(keys)

    @property
    def ledger_keyring(self) -> Keyring:
        return Keyring.parse(self.ledger_keys.get_secret_value())


class UpgradeSettings(StoreSettings):
    """What brings the schema up to date."""

    owner_database_url: SecretStr | None = Field(
        default=None, description="The same database as the role that owns its tables; unset, as `DATABASE_URL` says."
    )


class Settings(NoticeSettings, StoreSettings):
    """What the API and the worker need to know. Temporal's own variables are read by its SDK."""

    host: str = Field(default="127.0.0.1", description="The address the API listens on.")
    port: Port = Field(default=8080, description="The port the API listens on.")
    wait: float = Field(default=10, gt=0, le=60, description="The longest a request waits for its answer, in seconds.")
    task_queue: str = Field(default="onefold", description="The Temporal task queue of the workers.")
    pool: int = Field(default=10, ge=2, le=100, description="Database connections per process.")
    workflow_id_key: SecretStr = Field(description="32 bytes, base64: keys the ids of workflows. Never change it.")
    codec_keys: SecretStr = Field(
        description="Keys of Temporal's payloads, `id:base64` of 32 bytes each, comma-separated; the first encrypts."
    )
    codec_endpoint_secret: SecretStr | None = Field(
        default=None, description="The path of the codec endpoint for Temporal's web UI; unset, none is served."
    )
    codec_origin: str | None = Field(default=None, description="The origin of Temporal's web UI, for that endpoint.")
    demo_password: SecretStr | None = Field(
        default=None, description="The password of the demo's people: the sign-in page tells it to everybody."
    )

    @field_validator("workflow_id_key")
    @classmethod
    def _32_bytes(cls, key: SecretStr) -> SecretStr:
        if len(b64decode(key.get_secret_value(), validate=True)) != 32:
            raise ValueError("32 bytes in base64 are wanted")
        return key

    @field_validator("codec_keys")
    @classmethod
    def _codec_keyring(cls, keys: SecretStr) -> SecretStr:
        return demand_keys(keys)

    @property
    def pages_url(self) -> str:
        return self.public_url or url_of(self.host, self.port)

    @property
    def codec_keyring(self) -> Keyring:
        return Keyring.parse(self.codec_keys.get_secret_value())


class WorkerSettings(CheckpointSettings, Settings):
    """What the worker needs to know besides."""


def demand_keys(keys: SecretStr) -> SecretStr:
    """Raises ValueError."""
    Keyring.parse(keys.get_secret_value())
    return keys


def read(kind: type[Kind]) -> Kind:
    """Reads the settings of one command from the environment."""
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError("\n".join(complaint(kind, one) for one in error.errors())) from None


def url_of(host: str, port: int) -> str:
    """How what listens there is reached from this machine."""
    host = _EVERYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def complaint(kind: type[BaseSettings], error: "ErrorDetails") -> str:
    reason = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # of settings that do not go together: a sentence already
        return reason
    name = str(error["loc"][0])
    if name in kind.model_fields:
        name = f"{kind.model_config.get('env_prefix', '')}{name}".upper()
    if error["type"] == "missing":
        return f"The setting {name} is missing."
    return f"The setting {name} cannot be used: {reason[0].lower()}{reason[1:]}."
