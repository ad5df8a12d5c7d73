"""Which addresses may be asked: the open internet, and what the operator configured; nothing else.

A name is resolved here and the request goes to the very address that was checked, so that a name which
resolves to a private network, now or a moment later, leads nowhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from bot.errors import Forbidden, Unreachable
from bot.proxies import Proxies

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name."""

_PRIVATE = "{} lies in a private network; only public addresses are fetched."
_LOOK = 2.0
"""Seconds that a name server has where a proxy is used and its answer is only a further check."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises Forbidden for what is no web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Forbidden(f"{short(url)} is no web address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Forbidden(f"{short(url)} is no web address; only http:// and https:// are fetched.")
    if parts.username or parts.password:
        raise Forbidden("An address with a name or password in it is not fetched; leave them out.")
    return parts.scheme, parts.hostname.lower().rstrip("."), port or (443 if parts.scheme == "https" else 80)


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the system gives for a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guarded(httpx.AsyncBaseTransport):
    """A transport that connects to checked addresses only.

    The name stays in the Host header and in the check of the certificate.
    """

    def __init__(
        self, trusted: frozenset[tuple[str, str, int]], resolver: Resolver, proxies: Proxies
    ) -> None:
        self._trusted = trusted
        self._resolver = resolver
        self._proxies = proxies
        self._direct: httpx.AsyncHTTPTransport | None = None
        self._proxied: dict[str, httpx.AsyncHTTPTransport] = {}
        self._names_unknown = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to an address that was checked; raises Forbidden and Unreachable."""
        place = origin(str(request.url))
        _, host, port = place
        trusted = place in self._trusted
        proxy = self._proxies.for_(*place)
        if proxy and not (trusted and _is_private(host)):
            if not trusted:
                await self._check_ahead(host, port)
            return await self._through(proxy, request)
        self._direct = self._direct or _transport()
        addresses = await self._addresses(host, port, private=place in self._trusted)
        request.extensions["sni_hostname"] = host
        for address in addresses[:-1]:
            request.url = request.url.copy_with(host=address)
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._direct.handle_async_request(request)
        request.url = request.url.copy_with(host=addresses[-1])
        return await self._direct.handle_async_request(request)

    async def _through(self, proxy: str, request: httpx.Request) -> httpx.Response:
        transport = self._proxied.setdefault(proxy, _transport(proxy))
        try:
            return await transport.handle_async_request(request)
        except (httpx.ProxyError, httpx.ConnectError, httpx.ConnectTimeout) as error:
            where = urlsplit(proxy).hostname
            why = short(str(error)) or type(error).__name__
            raise Unreachable(
                f"{request.url.host} cannot be reached through the proxy {where} ({why}); is the proxy right?"
            ) from None

    async def _check_ahead(self, host: str, port: int) -> None:
        """Refuse what lies in a private network as far as can be told from here: the proxy resolves the
        name, and where only the proxy can, nothing is known of it."""
        if _is_private(host):
            raise Forbidden(_PRIVATE.format(host))
        if self._names_unknown:
            return
        try:
            async with asyncio.timeout(_LOOK):
                addresses = await self._resolver(host, port)
        except TimeoutError:
            self._names_unknown = True  # no name server here: do not wait for one each time
            return
        except (OSError, UnicodeError):
            return
        if not all(is_public(address) for address in addresses):
            raise Forbidden(_PRIVATE.format(host))

    async def _addresses(self, host: str, port: int, *, private: bool) -> Sequence[str]:
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise Unreachable(f"The name {host} cannot be found; check the address.")
        if not private and not all(is_public(address) for address in addresses):
            raise Forbidden(_PRIVATE.format(host))
        return addresses[:3]

    async def aclose(self) -> None:
        """Close what was opened."""
        for transport in (self._direct, *self._proxied.values()):
            if transport is not None:
                await transport.aclose()


def _transport(proxy: str | None = None) -> httpx.AsyncHTTPTransport:
    """No connection is kept: two names on one address must not share one, and hosts are asked slowly."""
    return httpx.AsyncHTTPTransport(proxy=proxy, limits=httpx.Limits(max_keepalive_connections=0))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where one hides in another."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            hidden = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_private(host: str) -> bool:
    """Whether a host, as written, lies in a private network; proxies read addresses in every old form, such
    as ``127.1``, ``0x7f000001`` and ``2130706433``."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    with suppress(ValueError):
        return not is_public(str(ipaddress.ip_address(host)))
    with suppress(OSError, UnicodeError):
        return not is_public(socket.inet_ntoa(socket.inet_aton(host)))
    return False


def short(text: str) -> str:
    """At most 80 characters of a foreign text, for a message."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"
