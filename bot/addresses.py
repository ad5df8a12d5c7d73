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

from bot.errors import Forbidden

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name."""

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


def is_local(host: str) -> bool:
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
