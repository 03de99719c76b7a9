"""One frozen settings object, read once and passed in.

Every value comes from the process environment, then `.env`, then the default here; the real
environment wins. Field names are the variable names in lower case. `.env.example` and
docs/reference/settings.md are generated from this class.
"""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SAMPLE_SECRET_KEYS = frozenset({"change-me", "changeme", "secret", "your-secret-key"})
SECRET_KEY_CHARACTERS_MIN = 32
PASSWORD_IN_ADDRESS = re.compile(r"(://[^/@\s]*?:)[^/@\s]*@")


class Environment(StrEnum):
    """The configuration profile the server runs under."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Everything that can be configured; immutable once read."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="Configuration profile: development, test, staging or production.",
    )
    bursar_home: Path = Field(
        Path("~/.bursar"),
        description="Folder that holds all state: databases, key ring, logs, sockets.",
    )
    database_url: str | None = Field(
        None,
        description="PostgreSQL address (postgresql:// or postgresql+asyncpg://). Blank starts the embedded server.",
    )
    database_owner_url: str | None = Field(
        None,
        description="Address of the role that owns the schema and runs migrations, when it differs from DATABASE_URL.",
    )
    database_connections_max: int = Field(
        10, ge=1, le=200, description="Most database connections one process holds."
    )
    redis_url: str | None = Field(
        None, description="Redis address (redis://). Blank starts the embedded server."
    )
    server_host: str = Field("127.0.0.1", description="Address the server listens on.")
    server_port: int = Field(8000, ge=1, le=65535, description="Port the server listens on.")
    server_processes: int = Field(1, ge=1, le=64, description="API processes.")
    worker_processes: int = Field(1, ge=1, le=64, description="Worker processes.")
    public_url: str | None = Field(
        None, description="Address people reach the server at; blank means host and port."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Protects the key ring. Blank makes one under BURSAR_HOME; production demands one.",
    )
    journal_signing_key: SecretStr = Field(
        SecretStr(""),
        description="Ed25519 seed (64 hexadecimal digits) that signs the journal's checkpoints. Blank makes one under BURSAR_HOME; set it where several hosts run workers.",
    )
    journal_anchor_seconds: int = Field(
        10,
        ge=1,
        le=86_400,
        description="How often the newest checkpoints are written to the anchors file and the log.",
    )
    debug_mode: bool = Field(default=False, description="Verbose logs; refused in production.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field("json", description="json (one object a line) or console.")
    cors_origins: str = Field(
        "", description="Comma-separated origins allowed to call the API from a browser."
    )
    session_idle_minutes: int = Field(
        30, ge=1, le=1440, description="A session ends after this idle time."
    )
    session_absolute_hours: int = Field(
        12, ge=1, le=720, description="A session ends after this time."
    )
    upload_bytes_max: int = Field(
        32 * 1024 * 1024, ge=1024, description="Largest file that may be uploaded."
    )
    price_age_days_max: int = Field(
        7, ge=0, le=365, description="A price older than this many days is shown as stale."
    )
    alphavantage_api_key: SecretStr = Field(
        SecretStr(""), description="AlphaVantage key; blank leaves it off."
    )
    alphavantage_base_url: str = Field(
        "https://www.alphavantage.co", description="Where AlphaVantage's query API is reached."
    )
    yfinance_base_url: str = Field(
        "https://query2.finance.yahoo.com", description="Where yfinance's chart API is reached."
    )
    event_poll_milliseconds: int = Field(
        50, ge=5, le=10_000, description="How often a process with listeners looks for new events."
    )
    event_listeners_max: int = Field(
        2000, ge=1, le=100_000, description="Most event streams open at one API process."
    )
    effect_claim_seconds: int = Field(
        60,
        ge=2,
        le=3600,
        description="A worker's claim on a job ends this long after its last sign of life.",
    )
    mcp_toolsets: str = Field(
        "core",
        description="Comma-separated toolsets that MCP exposes: core, a package's name, or all.",
    )
    bursar_api_url: str | None = Field(
        None, description="Server the command line speaks to; blank means this machine's."
    )
    bursar_token: SecretStr = Field(
        SecretStr(""), description="API token of the command line and of 'bursar mcp'."
    )
    xdg_config_home: Path | None = Field(
        None,
        description="Folder of a person's configuration; 'bursar sign-in' keeps its session there. Blank means ~/.config.",
    )

    @field_validator(
        "database_url",
        "database_owner_url",
        "redis_url",
        "public_url",
        "bursar_api_url",
        "xdg_config_home",
        mode="before",
    )
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _plain_postgresql(cls, value: str | None) -> str | None:
        if value is None:
            return None
        for prefix in ("postgresql+asyncpg://", "postgres://"):
            if value.startswith(prefix):
                return "postgresql://" + value.removeprefix(prefix)
        if not value.startswith("postgresql://"):
            msg = "must start with postgresql:// or postgresql+asyncpg://"
            raise ValueError(msg)
        return value

    @field_validator("journal_signing_key")
    @classmethod
    def _seed(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"([0-9a-fA-F]{64})?", value.get_secret_value()):
            msg = "must be 64 hexadecimal digits"
            raise ValueError(msg)
        return value

    @field_validator("bursar_home")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        key = self.secret_key.get_secret_value()
        if len(key) < SECRET_KEY_CHARACTERS_MIN or key.lower() in SAMPLE_SECRET_KEYS:
            msg = f"SECRET_KEY must be set to at least {SECRET_KEY_CHARACTERS_MIN} random characters in production"
            raise ValueError(msg)
        if self.debug_mode:
            msg = "DEBUG_MODE must be false in production"
            raise ValueError(msg)
        if "*" in self.cors_origins:
            msg = "CORS_ORIGINS must name its origins in production; '*' is refused"
            raise ValueError(msg)
        return self

    @classmethod
    def with_environment(cls, overrides: dict[str, str]) -> Self:
        """Read the settings with these variables set, here and in every process started later."""
        os.environ.update(overrides)  # noqa: TID251 - children read the same settings
        return cls()

    def masked(self) -> dict[str, str]:
        """Return every setting as text, with secrets and passwords in addresses replaced."""
        shown: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                text = "***" if value.get_secret_value() else ""
            else:
                text = "" if value is None else str(value)
            shown[name.upper()] = PASSWORD_IN_ADDRESS.sub(r"\1***@", text)
        return shown

    @property
    def base_url(self) -> str:
        """The address people reach the server at, without a trailing slash."""
        return (self.public_url or f"http://{self.server_host}:{self.server_port}").rstrip("/")
