"""One request over HTTP, to an address that was checked, and its answer, bounded while it comes in.

This module alone knows the library that speaks HTTP. It is loaded with the first request and in a thread, the
certificates with it: that takes as much as a sixth of the whole start, in which nobody else would be heard.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from bot.addresses import Resolver, is_local, is_public, origin, short
from bot.errors import Forbidden, Unreachable, Unreadable, veiled
from bot.page import MEGABYTE, Page
from bot.proxies import Proxies

_TIMES = httpx.Timeout(30.0, connect=10.0)
"""Seconds without a byte, or for a connection to one address, after which a host does not answer."""
_LOOK = 2.0
"""Seconds that a name server has where a proxy is used and its answer is only a further check."""
_PRIVATE = "{} lies in a private network; only public addresses are fetched."


class Wire:
    """Sends requests; see :class:`bot.web.Web` for ``trusted`` and ``proxies``. Made in any thread."""

    def __init__(
        self, trusted: frozenset[tuple[str, str, int]], resolver: Resolver, proxies: Proxies
    ) -> None:
        self._transport = _Guarded(trusted, resolver, proxies)
        self._client = httpx.AsyncClient(transport=self._transport, follow_redirects=False, trust_env=False)

    async def get(self, url: str, headers: Mapping[str, str], *, size: int) -> Page:
        """The answer, whatever its status, redirects not followed, of at most ``size`` bytes packed and
        unpacked. Raises Forbidden, Unreachable, Unreadable."""
        name = origin(url)[1]
        try:
            async with self._client.stream("GET", url, headers=dict(headers), timeout=_TIMES) as answer:
                body = await _read(answer, size)
                return Page(url, answer.status_code, body, {k.lower(): v for k, v in answer.headers.items()})
        except httpx.TimeoutException:
            raise Unreachable(f"{name} does not answer; try later.") from None
        except (httpx.InvalidURL, UnicodeError):
            raise Forbidden(f"{short(url)} is no web address.") from None
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            told = f"{name} cannot be reached"  # why, in the library's words, may repeat a header
            raise veiled(Unreachable(f"{told} ({_why(error)}); try later."), f"{told}.") from None

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()


class _Guarded(httpx.AsyncBaseTransport):
    """A transport that connects to checked addresses only.

    The name stays in the Host header and in the check of the certificate.
    """

    def __init__(
        self, trusted: frozenset[tuple[str, str, int]], resolver: Resolver, proxies: Proxies
    ) -> None:
        self._trusted = trusted
        self._resolver = resolver
        self._proxies = proxies
        self._tls = httpx.create_ssl_context()
        self._direct = self._transport()
        self._proxied: dict[str, httpx.AsyncHTTPTransport] = {}
        self._names_unknown = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to an address that was checked; raises Forbidden and Unreachable."""
        place = origin(str(request.url))
        _, host, port = place
        trusted = place in self._trusted
        proxy = self._proxies.for_(*place)
        if proxy and not (trusted and is_local(host)):
            if not trusted:
                await self._check_ahead(host, port)
            return await self._through(proxy, request)
        addresses = await self._addresses(host, port, private=place in self._trusted)
        request.extensions["sni_hostname"] = host
        for address in addresses[:-1]:
            request.url = request.url.copy_with(host=address)
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._direct.handle_async_request(request)
        request.url = request.url.copy_with(host=addresses[-1])
        return await self._direct.handle_async_request(request)

    async def _through(self, proxy: str, request: httpx.Request) -> httpx.Response:
        if proxy not in self._proxied:
            self._proxied[proxy] = self._transport(proxy)
        transport = self._proxied[proxy]
        try:
            return await transport.handle_async_request(request)
        except (httpx.ProxyError, httpx.ConnectError, httpx.ConnectTimeout) as error:
            where = urlsplit(proxy).hostname
            why = short(str(error)) or type(error).__name__
            told = f"{request.url.host} cannot be reached through the proxy {where}"
            raise veiled(Unreachable(f"{told} ({why}); is the proxy right?"), f"{told}.") from None

    async def _check_ahead(self, host: str, port: int) -> None:
        """Refuse what lies in a private network as far as can be told from here: the proxy resolves the
        name, and where only the proxy can, nothing is known of it."""
        if is_local(host):
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
            raise Unreachable(f"The name {host} cannot be found; check the network and the address.")
        if not private and not all(is_public(address) for address in addresses):
            raise Forbidden(_PRIVATE.format(host))
        return addresses[:3]

    async def aclose(self) -> None:
        """Close what was opened."""
        for transport in (self._direct, *self._proxied.values()):
            await transport.aclose()

    def _transport(self, proxy: str | None = None) -> httpx.AsyncHTTPTransport:
        """No connection is kept: two names on one address must not share one, and hosts are asked slowly."""
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncHTTPTransport(verify=self._tls, proxy=proxy, limits=limits)


async def _read(answer: httpx.Response, size: int) -> bytes:
    """The body, unpacked, given up as soon as it passes ``size`` bytes packed or unpacked."""
    name = answer.request.headers.get("host", "the host")
    too_large = Unreadable(f"{name} sent more than {size / MEGABYTE:g} MB; it was not read.")
    announced = answer.headers.get("content-length", "")
    if re.fullmatch("[0-9]{1,18}", announced) and int(announced) > size:
        raise too_large
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise Unreadable(f"{name} sent an encoding that was not asked for ({short(packing)}).")
    unpack = _Unpack() if packing not in ("identity", "") else None
    packed, parts, kept = 0, [], 0
    async for chunk in answer.aiter_raw():
        packed += len(chunk)
        try:
            part = unpack.feed(chunk, size - kept + 1) if unpack else chunk
        except zlib.error:
            raise Unreadable(f"{name} sent a broken compressed answer.") from None
        kept += len(part)
        if packed > size or kept > size:
            raise too_large
        parts.append(part)
    return b"".join(parts)


class _Unpack:
    """gzip, zlib, or the bare deflate that some servers send for it."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._first = True

    def feed(self, chunk: bytes, room: int) -> bytes:
        try:
            return self._unpacker.decompress(chunk, room)
        except zlib.error:
            if not self._first:
                raise
            self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._unpacker.decompress(chunk, room)
        finally:
            self._first = False


def _why(error: Exception) -> str:
    return short(str(error)) or type(error).__name__
