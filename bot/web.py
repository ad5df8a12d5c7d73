"""The one way out to the web: polite to hosts, bounded in size and time, closed to private networks.

Hosts are asked one request at a time and no faster than agreed, by all processes together where there are
several; "try again later" is honoured. An answer over
the bounds is dropped while it comes in, compressed or not. Every hop of a redirect is checked, names are
resolved here and the checked address is the one connected to, so that no link from a paper or a person leads
into the network that the bot runs in; only origins that the operator configured may be private. Foreign
errors become :class:`bot.errors.SourceError` at this border.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import urlencode, urljoin, urlsplit

import structlog

from bot.addresses import Resolver, origin, short, system_resolver
from bot.errors import Forbidden, NotFound, SourceError, StorageError, Throttled, Unreachable, Unreadable
from bot.page import MEGABYTE, Page
from bot.ports import Clock
from bot.proxies import NONE, Proxies

if TYPE_CHECKING:
    from bot.wire import Wire

_log = structlog.get_logger(__name__)
_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_HOSTS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an answer may cost: bytes (as sent and unpacked), seconds in all, and how often to try."""

    size: int = 20 * MEGABYTE
    seconds: float = 60.0
    tries: int = 3
    patience: float = 120.0
    """The longest wait in seconds, for a turn at the host or between tries, before giving up."""


Share: TypeAlias = Callable[[str, float, int], Awaitable[float]]
"""Take so many places, so many seconds apart, in the queue for a host which all processes share; how many
seconds from now the first one is. Raises StorageError."""


def user_agent(contact: str = "") -> str:
    """How the bot introduces itself, with a way to reach its operator."""
    try:
        number = version("paperboy-bot")
    except PackageNotFoundError:
        number = "0"
    return f"Paperboy/{number} (+{contact or 'self-hosted paper digest'})"


class Web:
    """Fetches pages. One for the whole program: the pace a host is asked at is kept here.

    ``trusted`` are the configured base addresses; they alone may lie in a private network. ``pace`` holds the
    seconds between two requests by host (with its port, where that is not the usual one), ``usual_pace``
    those for every other host. Where ``proxies``
    has one, it resolves the names; here they are checked too, as far as they can be. ``share`` keeps the
    pace together with other processes (docs/decisions/0131).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        agent: str = "",
        trusted: Iterable[str] = (),
        pace: Mapping[str, float] | None = None,
        usual_pace: float = 1.0,
        resolver: Resolver = system_resolver,
        proxies: Proxies = NONE,
        share: Share | None = None,
    ) -> None:
        self.clock = clock
        self._share = share
        self.requests = 0
        self._agent = agent or user_agent()
        self._trusted = frozenset(origin(url) for url in trusted)
        self._pace = dict(pace or {})
        self._usual_pace = usual_pace
        self._hosts: dict[str, _Host] = {}
        self._way = (self._trusted, resolver, proxies)
        self._wire: Wire | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        if self._wire is not None:
            await self._wire.close()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = "*/*",
        seen: Mapping[str, str] | None = None,
        tolerate: Collection[int] = (),
        bounds: Bounds = Bounds(),
        authorization: str = "",
    ) -> Page:
        """The page at ``url``, redirects followed; ``authorization`` is said to that origin alone.

        ``seen`` is a former page's ``marks``: an unchanged page then comes as status 304 without a body.
        Statuses of 400 and more raise, unless in ``tolerate``. Raises Throttled, Unreachable, Unreadable,
        Forbidden, NotFound or SourceError, each with a sentence.
        """
        if params:
            url = f"{url}?{urlencode(params)}"
        headers = {"User-Agent": self._agent, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
        headers |= _conditions(seen or {})
        for attempt in range(1, bounds.tries + 1):
            try:
                return await self._follow(url, headers, tolerate, bounds, authorization)
            except (Throttled, Unreachable) as error:
                wait = _wait(error, attempt)
                if attempt == bounds.tries or wait > bounds.patience:
                    raise
                await self.clock.sleep(wait)
        raise AssertionError("a request is tried at least once")

    async def _follow(
        self, url: str, headers: Mapping[str, str], tolerate: Collection[int], bounds: Bounds, secret: str
    ) -> Page:
        first = origin(url)
        for _ in range(_REDIRECTS + 1):
            trusted = secret and origin(url) == first
            page = await self._once(url, {**headers, "Authorization": secret} if trusted else headers, bounds)
            if page.status in (301, 302, 303, 307, 308) and page.headers.get("location"):
                url = _joined(url, page.headers["location"])
                continue
            _refuse(page, tolerate, self.clock.now())
            return page
        raise Unreadable(f"{_host(url)} redirects in circles; the page was given up.")

    async def _once(self, url: str, headers: Mapping[str, str], bounds: Bounds) -> Page:
        scheme, name, port = origin(url)
        place = name if port == _PORTS[scheme] else f"{name}:{port}"
        host = self._host_of(place)
        pace = self._pace.get(place, self._pace.get(name, self._usual_pace))
        async with host.lock:
            await self._turn(host, place, pace, bounds)
            try:
                async with asyncio.timeout(bounds.seconds):
                    self.requests += 1
                    page = await (await self._opened()).get(url, headers, size=bounds.size)
            except TimeoutError:
                raise Unreadable(f"{name} took longer than {bounds.seconds:g} s; it was given up.") from None
            finally:
                host.free_at = self.clock.now() + timedelta(seconds=pace)
            if page.status in (429, 503) and (told := _retry_after(page, self.clock.now())) is not None:
                host.free_at = max(host.free_at, self.clock.now() + timedelta(seconds=told))
                await self._place(place, told)
            return page

    def _host_of(self, name: str) -> _Host:
        host = self._hosts.setdefault(name, _Host())
        if len(self._hosts) > _HOSTS_KEPT:
            now = self.clock.now()
            self._hosts = {
                key: kept
                for key, kept in self._hosts.items()
                if kept is host or kept.lock.locked() or (kept.free_at and kept.free_at > now)
            }
        return host

    async def _turn(self, host: _Host, place: str, pace: float, bounds: Bounds) -> None:
        """Wait until the host may be asked again, by this process and by all."""
        wait = (host.free_at - self.clock.now()).total_seconds() if host.free_at else 0.0
        if wait <= bounds.patience:
            wait = max(wait, await self._place(place, pace))
            if wait > bounds.patience:
                await self._place(place, -pace)  # somebody else's
        if wait > bounds.patience:
            raise Throttled(f"{place} asked for patience; try again in {wait:.0f} s.", retry_after=wait)
        if wait > 0:
            await self.clock.sleep(wait)

    async def _place(self, place: str, pace: float) -> float:
        """Take the next place at a host among all processes; how many seconds from now it is. Where the
        storage is away, this process keeps its own pace."""
        if self._share is None or not pace:
            return 0.0
        try:
            return await self._share(f"web:{place}", pace, 1)
        except StorageError as error:
            _log.warning("the pace of a host is not shared", host=place, error=error)
            return 0.0

    async def _opened(self) -> Wire:
        """The wire, made with the first request, beside the event loop."""
        async with self._opening:
            if self._wire is None:
                try:
                    self._wire = await asyncio.to_thread(self._made)
                except OSError as error:
                    why = short(error.strerror or str(error))
                    raise Unreachable(
                        f"The certificates cannot be read ({why}); see SSL_CERT_FILE."
                    ) from None
            return self._wire

    def _made(self) -> Wire:
        from bot.wire import Wire

        return Wire(*self._way)


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: datetime | None = None


def _refuse(page: Page, tolerate: Collection[int], now: datetime) -> None:
    """Raise for statuses of 400 and more."""
    if page.status < 400 or page.status in tolerate:
        return
    name = _host(page.url)
    if page.status == 429:
        told = _retry_after(page, now)
        raise Throttled(f"{name} asks for fewer requests (429); try later.", retry_after=told)
    if page.status >= 500:
        told = _retry_after(page, now)
        if told is not None:
            raise Throttled(f"{name} is overloaded ({page.status}); try later.", retry_after=told)
        raise Unreachable(f"{name} has a fault of its own ({page.status}); try later.")
    if page.status == 407:
        raise Unreachable("The proxy wants a name and password (407); put them into HTTPS_PROXY.")
    if page.status in (404, 410):
        raise NotFound(f"{name} has no such page ({page.status}); check the address.")
    raise SourceError(f"{name} refuses the request ({page.status}).")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Forbidden(f"{_host(url)} redirects to what is no web address.") from None


def _conditions(seen: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {header: seen[mark] for mark, header in names.items() if seen.get(mark)}


def _wait(error: SourceError, attempt: int) -> float:
    """Seconds before the next try: as told, else 2, 4, 8…"""
    if isinstance(error, Throttled) and error.retry_after is not None:
        return error.retry_after
    return float(2**attempt)


def _retry_after(page: Page, now: datetime) -> float | None:
    """The seconds in Retry-After, written as a number or a date (RFC 9110, 10.2.3)."""
    told = page.headers.get("retry-after", "").strip()
    if re.fullmatch("[0-9]{1,9}", told):
        return float(min(int(told), 7 * 86400))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    return None


def _host(url: str) -> str:
    return urlsplit(url).hostname or short(url)
