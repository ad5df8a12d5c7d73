"""Which requests go through a proxy, by the environment variables that other programs read too.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in capitals or not. ``NO_PROXY`` lists, with
commas, names (with all names below them), addresses, networks such as ``10.0.0.0/8``, each perhaps with a
port; ``*`` is everything. There is no standard; this is what curl and Go do
(https://curl.se/docs/manpage.html#NOPROXY).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from bot.addresses import is_local
from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy for each scheme, empty for none, and what goes without one."""

    http: str = ""
    https: str = ""
    without: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The proxies that the environment names. Raises ConfigError for one that is no HTTP proxy."""
        words = (word.strip().lower() for word in _value("NO_PROXY", environ).split(","))
        without = tuple(word for word in words if word)
        if "*" in without:
            return cls(without=without)
        every = _proxy("ALL_PROXY", environ)
        return cls(_proxy("HTTP_PROXY", environ) or every, _proxy("HTTPS_PROXY", environ) or every, without)

    def for_(self, scheme: str, host: str, port: int) -> str:
        """The address of the proxy for a request; empty where it goes without."""
        proxy = self.https if scheme == "https" else self.http
        return "" if proxy and any(_covers(word, host, port) for word in self.without) else proxy

    def to(self, url: str) -> str:
        """The address of the proxy for a server that the operator configured; empty where it is asked
        directly, as one whose address lies in a private network is."""
        parts = urlsplit(url)
        host, secure = (parts.hostname or "").lower().rstrip("."), parts.scheme in ("https", "wss")
        if is_local(host):
            return ""
        return self.for_("https" if secure else "http", host, parts.port or (443 if secure else 80))


NONE = Proxies()


def _value(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name.lower(), "") or environ.get(name, "")


def _proxy(name: str, environ: Mapping[str, str]) -> str:
    written = _value(name, environ).strip()
    if not written:
        return ""
    url = written if "://" in written else f"http://{written}"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(
            f"{name}: only HTTP proxies are understood, such as http://proxy.example.org:3128; with "
            "NO_PROXY=* none is used."
        )
    return url


def _covers(word: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means this host."""
    if word == "*":
        return True
    name, _, number = word.rpartition(":")
    if name and number.isdigit() and _one_colon(word):
        if int(number) != port:
            return False
        word = name
    word = word.strip("[]")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(word, strict=False)
    except ValueError:
        bare = word.lstrip("*").lstrip(".")
        return bool(bare) and (host == bare or host.endswith(f".{bare}"))


def _one_colon(word: str) -> bool:
    """Whether the last colon parts a port: not within a bare IPv6 address."""
    return word.count(":") == 1 or word.startswith("[")
