"""The configuration file: one model a section, refused with the key's path and what is allowed.

Every key with its default and a sentence stands in ``config.example.toml``; a test compares the two.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.config_faults import sentence
from bot.config_values import (
    Address,
    ChannelName,
    Excluded,
    Line,
    Person,
    TopicWords,
    Variable,
    Zone,
    address,
)
from bot.domain import WEEKDAYS, Weekday
from bot.errors import ConfigError
from bot.masks import hide

DEFAULT_FILE = "paperboy.toml"
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class BotSection(_Section):
    """The bot itself."""

    name: Line = Field("Paperboy", min_length=1, max_length=80)
    timezone: Zone = "UTC"
    command: str = "/paper"
    changes: Literal["admins", "anyone"] = "admins"
    admins: list[Person] = []

    @field_validator("command")
    @classmethod
    def _command(cls, value: str) -> str:
        if not _COMMAND.fullmatch(value):
            raise ValueError(
                f'"{value}" is no command; write a slash and 1 to 31 small letters, digits, "-" or "_", '
                'such as "/paper"'
            )
        return value


class StorageSection(_Section):
    """Where things are kept."""

    url: str = "sqlite:///paperboy.db"
    text_days: int = Field(180, ge=1)
    ledger_days: int = Field(400, ge=31)

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not re.match(r"(sqlite:///.|postgresql://.)", value):
            raise ValueError(
                'this is no address of a database; write "sqlite:///FILE" or '
                '"postgresql://user:password@host/database"'
            )
        return value


class ArxivSection(_Section):
    """arXiv's announcement feed and API."""

    enabled: bool = True
    categories: list[str] = Field(["cs.CV", "cs.CL", "cs.LG", "cs.AI"], min_length=1)
    feed_url: Address = "https://rss.arxiv.org/atom"
    api_url: Address = "https://export.arxiv.org/api/query"
    pdf_url: Address = "https://arxiv.org/pdf"
    html_url: Address = "https://arxiv.org/html"
    min_interval: float = Field(3.0, ge=0, le=600)

    @field_validator("categories")
    @classmethod
    def _categories(cls, value: list[str]) -> list[str]:
        for name in value:
            if not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name):
                raise ValueError(f'"{name}" is no arXiv category, such as "cs.CV" or "astro-ph.EP"')
        return list(dict.fromkeys(value))


class BiorxivSection(_Section):
    """bioRxiv and medRxiv."""

    enabled: bool = False
    api_url: Address = "https://api.biorxiv.org"
    servers: list[Literal["biorxiv", "medrxiv"]] = Field(["biorxiv", "medrxiv"], min_length=1)
    categories: list[str] = []
    min_interval: float = Field(1.0, ge=0, le=600)


class HuggingFaceSection(_Section):
    """Hugging Face Daily Papers."""

    enabled: bool = False
    api_url: Address = "https://huggingface.co/api"
    min_interval: float = Field(1.0, ge=0, le=600)


class FeedSection(_Section):
    """Any RSS or Atom feed."""

    name: str = Field(min_length=1, max_length=80)
    url: Address


class LookupSection(_Section):
    """Where a pasted DOI or title is looked up, and the journal version of a preprint."""

    enabled: bool = True
    crossref_url: Address = "https://api.crossref.org"
    openalex_url: Address = "https://api.openalex.org"
    contact: str = ""


class SourcesSection(_Section):
    """Where papers come from."""

    arxiv: ArxivSection = ArxivSection()
    biorxiv: BiorxivSection = BiorxivSection()
    huggingface: HuggingFaceSection = HuggingFaceSection()
    lookup: LookupSection = LookupSection()
    feeds: list[FeedSection] = []

    @field_validator("biorxiv", "huggingface", mode="before")
    @classmethod
    def _present_is_on(cls, value: Any) -> Any:
        """Writing the section switches the source on, unless it says otherwise."""
        return {"enabled": True, **value} if isinstance(value, dict) else value


class LlmSection(_Section):
    """The language model."""

    provider: Literal["embedded", "openai"] = "embedded"
    base_url: Address = "https://api.openai.com/v1"
    model: str = ""
    api_key_env: Variable = "OPENAI_API_KEY"
    daily_budget_usd: float = Field(0.0, ge=0)
    channel_budget_usd: float = Field(0.0, ge=0)
    input_usd_per_million: float = Field(0.0, ge=0)
    output_usd_per_million: float = Field(0.0, ge=0)
    context_tokens: int = Field(32_000, ge=2_000)
    concurrency: int = Field(4, ge=1, le=64)
    timeout: float = Field(120.0, gt=0, le=3600)


class EmbedSection(_Section):
    """How texts become vectors for search by meaning."""

    provider: Literal["static", "minilm", "openai"] = "static"
    base_url: Address = "https://api.openai.com/v1"
    model: str = ""
    api_key_env: Variable = "OPENAI_API_KEY"


class SlackSection(_Section):
    """Slack."""

    mode: Literal["socket", "http"] = "socket"
    bot_token_env: Variable = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a variable
    app_token_env: Variable = "SLACK_APP_TOKEN"  # noqa: S105
    signing_secret_env: Variable = "SLACK_SIGNING_SECRET"  # noqa: S105
    client_id_env: Variable = "SLACK_CLIENT_ID"
    client_secret_env: Variable = "SLACK_CLIENT_SECRET"  # noqa: S105
    encryption_key_env: Variable = "PAPERBOY_ENCRYPTION_KEY"
    api_url: Address = "https://slack.com/api/"
    unfurl: bool = True
    public_url: str = ""

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        return address(value) if value else value


class DiscordSection(_Section):
    """Discord."""

    token_env: Variable = "DISCORD_TOKEN"  # noqa: S105
    api_url: Address = "https://discord.com/api/v10"
    gateway_url: str = ""
    publish: bool = False

    @field_validator("gateway_url")
    @classmethod
    def _gateway(cls, value: str) -> str:
        if value and not re.match(r"wss?://.", value):
            raise ValueError(f'"{value}" is no ws:// or wss:// address; leave it empty for Discord\'s own')
        return value


class ServerSection(_Section):
    """The small web server for health, metrics and Slack in HTTP mode."""

    listen: str = "127.0.0.1:8080"
    enabled: bool = True

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 <= int(port) < 65536:
            raise ValueError(f'"{value}" is no address to listen on, such as "127.0.0.1:8080"')
        return value


class ChannelSection(_Section):
    """A first subscription."""

    channel: ChannelName
    topics: list[TopicWords] = []
    not_: list[Excluded] = Field([], alias="not")
    at: str = "09:00"
    timezone: Zone | None = None
    days: list[Weekday] = list(WEEKDAYS[:5])
    limit: int = Field(5, ge=1, le=50)
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    quiet: Literal["say", "silent"] = "say"
    watch: bool = True

    @field_validator("at")
    @classmethod
    def _at(cls, value: str) -> str:
        if not _CLOCK.fullmatch(value):
            raise ValueError(f'"{value}" is no time of day, such as "09:00"')
        return value

    @field_validator("days")
    @classmethod
    def _days(cls, value: list[Weekday]) -> list[Weekday]:
        if not value:
            raise ValueError("at least one of " + ", ".join(WEEKDAYS))
        return [day for day in WEEKDAYS if day in value]

    @property
    def time(self) -> time:
        """``at`` as a time of day."""
        return time.fromisoformat(self.at)


class Config(_Section):
    """The whole file."""

    bot: BotSection = BotSection()
    storage: StorageSection = StorageSection()
    sources: SourcesSection = SourcesSection()
    llm: LlmSection = LlmSection()
    embed: EmbedSection = EmbedSection()
    slack: SlackSection | None = None
    discord: DiscordSection | None = None
    server: ServerSection = ServerSection()
    channels: list[ChannelSection] = []


def load(path: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration of ``path``, else of PAPERBOY_CONFIG, else of ``paperboy.toml`` if there is one,
    else all defaults. Raises ConfigError with one sentence a mistake."""
    named = path or environ.get("PAPERBOY_CONFIG") or None
    if named is None and not Path(DEFAULT_FILE).exists():
        return Config()
    return parse(_read(Path(named or DEFAULT_FILE)), environ)


def parse(raw: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration in ``raw``, as TOML gives it."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(*(sentence(Config, item) for item in error.errors())) from None
    if problems := list(_contradictions(config)):
        raise ConfigError(*problems)
    return config


def secret(variable: str, environ: Mapping[str, str] = os.environ) -> str:
    """The secret in ``variable``, or in the file that ``variable``_FILE names; empty if there is none.

    Raises ConfigError where the file cannot be read.
    """
    if value := environ.get(variable, "").strip():
        return hide(value)
    file = environ.get(variable + "_FILE", "")
    if not file:
        return ""
    try:
        return hide(Path(file).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}_FILE: {file} cannot be read ({_reason(error)}).") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; make one with `paperboy init` or name another with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({_reason(error)}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}.") from None


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


def _contradictions(config: Config) -> list[str]:
    problems = []
    if config.llm.provider == "openai" and not config.llm.model:
        problems.append('llm.model: name the model, such as "gpt-4o-mini", when llm.provider is "openai".')
    if config.embed.provider == "openai" and not config.embed.model:
        problems.append(
            'embed.model: name the model, such as "text-embedding-3-small", when embed.provider is "openai".'
        )
    seen: set[str] = set()
    for number, channel in enumerate(config.channels):
        if channel.channel in seen:
            problems.append(
                f"channels[{number}].channel: {channel.channel} is listed twice; keep one of them."
            )
        seen.add(channel.channel)
    names: set[str] = set()
    for number, feed in enumerate(config.sources.feeds):
        if feed.name in names:
            problems.append(f'sources.feeds[{number}].name: "{feed.name}" is taken by another feed.')
        names.add(feed.name)
    return problems
