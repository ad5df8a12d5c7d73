"""The platforms, each made by one small function with an import of its own: who does not use one need not
install it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from adapters.terminal_view import Screen
from bot import identity
from bot.clock import SystemClock
from bot.config import Config, DiscordSection, SlackSection, secret
from bot.domain import ChannelId
from bot.errors import ConfigError
from bot.ports import Download, Listener, Poster
from bot.proxies import Proxies
from bot.web import Bounds, Web

if TYPE_CHECKING:
    from adapters.slack_http import Door
    from adapters.slack_socket import Socket
    from adapters.slack_web import Clients
    from bot.server import Mount
    from storage.stores import Stores

Only = Literal["slack", "discord", "work"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What platforms are made from."""

    config: Config
    environ: Mapping[str, str]
    stores: Stores
    web: Web
    clock: SystemClock
    screen: Screen | None = None
    person: str = "you"
    connect: bool = True
    """Whether tokens are needed: verbs that only read the library do without."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform: how it is posted to and listened to."""

    poster: Poster
    listener: Listener
    mount: Mount | None = None
    """Adds its routes to the program's web server, where it is reached over HTTP."""
    close: Callable[[], Awaitable[None]] | None = None
    """Lets go of its connections."""


def platforms(around: Surroundings) -> dict[str, Platform]:
    """Every configured platform by name; the terminal is always there. Raises ConfigError."""
    found = {"terminal": terminal(around)}
    if around.connect and around.config.slack is not None:
        found["slack"] = slack(around, around.config.slack)
    if around.connect and around.config.discord is not None:
        found["discord"] = discord(around, around.config.discord)
    return found


def terminal(around: Surroundings) -> Platform:
    """The terminal."""
    from adapters.terminal import Latest, Person, TerminalListener, TerminalPoster

    config = around.config
    screen = around.screen or Screen(command=config.bot.command)
    names = (channel.channel for channel in config.channels)
    channel = next((name for name in names if name.startswith("terminal:")), "terminal:main")
    person, latest = Person(around.person, ChannelId(channel)), Latest()
    return Platform(
        TerminalPoster(screen, _transcript(around.stores.path), latest=latest),
        TerminalListener(screen, person, command=config.bot.command, latest=latest),
    )


def _transcript(database: Path | None) -> Path | None:
    return database.with_name(database.name + ".transcript") if database else None


def slack(around: Surroundings, section: SlackSection) -> Platform:
    """Slack, in Socket Mode or over HTTP, for one workspace or many."""
    from adapters.slack import SlackListener
    from adapters.slack_files import Files
    from adapters.slack_http import Door
    from adapters.slack_post import Sender, SlackPoster
    from adapters.slack_socket import Socket
    from adapters.slack_web import OneWorkspace

    clients: Clients
    door: Socket | Door
    proxy = Proxies.of(around.environ).to(section.api_url)
    mount: Mount | None = None
    if section.mode == "http" and secret(section.client_id_env, around.environ):
        clients, door = _many_workspaces(around, section, proxy)
        mount = door.mount
    else:
        token = _needed(around, section.bot_token_env)
        clients = OneWorkspace(token, section.api_url, around.clock, proxy=proxy)
        if section.mode == "socket":
            token = _needed(around, section.app_token_env)
            door = Socket(token, section.api_url, around.clock, proxy=proxy)
        else:
            door = Door(_needed(around, section.signing_secret_env))
            mount = door.mount
    sender = Sender(clients, around.clock, command=around.config.bot.command)
    files = Files(clients, download_with(around.web), section.api_url)
    listener = SlackListener(
        sender, door, api_url=section.api_url, unfurl=section.unfurl, same=_behind, files=files
    )
    return Platform(SlackPoster(sender), listener, mount=mount)


def download_with(web: Web) -> Download:
    """Files of a platform, by the one client that bounds what comes from outside."""

    async def download(url: str, *, authorization: str = "", size: int) -> bytes:
        bounds = Bounds(size=size, seconds=60.0, tries=2, patience=20.0)
        return (await web.get(url, bounds=bounds, authorization=authorization)).body

    return download


def _behind(link: str) -> str:
    """What a link leads to: the paper, whichever version or page of it, else the link itself."""
    return identity.parse(link) or link


def _many_workspaces(around: Surroundings, section: SlackSection, proxy: str) -> tuple[Clients, Door]:
    from adapters.slack_http import Door
    from adapters.slack_install import Installed

    installed = Installed(
        around.stores.marks,
        around.clock,
        keys=_needed(around, section.encryption_key_env),
        client_id=_needed(around, section.client_id_env),
        client_secret=_needed(around, section.client_secret_env),
        api_url=section.api_url,
        proxy=proxy,
    )
    signing = _needed(around, section.signing_secret_env)
    return installed, Door(signing, install=installed)


def discord(around: Surroundings, section: DiscordSection) -> Platform:
    """Discord, over its gateway."""
    from adapters.discord import Discord
    from adapters.discord_files import Files

    async def lately(since: datetime) -> Sequence[ChannelId]:
        return await around.stores.threads.lately("discord", since, limit=200)

    made = Discord(
        _needed(around, section.token_env),
        clock=around.clock,
        command=around.config.bot.command,
        api_url=section.api_url,
        gateway_url=section.gateway_url,
        publish=section.publish,
        files=Files(download_with(around.web), section.api_url),
        proxy=Proxies.of(around.environ).to(section.api_url),
        lately=lately,
    )
    return Platform(made, made, close=made.close)


def discord_invite(config: Config, environ: Mapping[str, str]) -> str:
    """The link that adds the bot to a Discord server. Raises ConfigError without a sound token."""
    from adapters.discord import application_of, invite

    variable = (config.discord or DiscordSection()).token_env
    application = application_of(secret(variable, environ))
    if not application:
        raise ConfigError(f"{variable}: put the bot's token into it first; the invite link is made from it.")
    return invite(application)


def listening(config: Config) -> tuple[str, int]:
    """Host and port of the program's web server."""
    host, _, port = config.server.listen.rpartition(":")
    return host.strip("[]"), int(port)


def _needed(around: Surroundings, variable: str) -> str:
    found = secret(variable, around.environ)
    if not found:
        raise ConfigError(f"{variable}: this environment variable is needed and empty; see the README.")
    return found


def slack_manifest(config: Config) -> str:
    """The Slack app manifest for this configuration, as JSON."""
    from adapters import slack_manifest as made

    section = config.slack or SlackSection()
    if section.mode == "http" and not section.public_url:
        raise ConfigError(
            "slack.public_url: HTTP mode needs the address under which Slack reaches this program."
        )
    url = section.public_url if section.mode == "http" else ""
    return made.dump(made.manifest(name=config.bot.name, command=config.bot.command, url=url))
