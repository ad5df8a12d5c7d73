"""Requests through a proxy: which, by what the environment says; and what is refused all the same."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.config import parse
from bot.errors import ConfigError, Forbidden, Unreachable
from bot.origins import web as made_web
from bot.proxies import Proxies
from bot.web import Bounds, Web
from tests.core.test_web_tls import certificate
from tests.fakes.clock import SetClock
from tests.fakes.proxy import Proxy
from tests.fakes.web import Answer, Site

ONCE = Bounds(tries=1)


async def nowhere(host: str, port: int) -> Sequence[str]:
    """A lab without a name server for the outside."""
    if host[0].isdigit():
        return [host]
    raise OSError("no such name")


async def inside(host: str, port: int) -> Sequence[str]:
    return ["10.0.0.7"]


def through(proxy: Proxy, *, trusted: Sequence[str] = (), resolver: object = nowhere) -> Web:
    return Web(
        SetClock(),
        trusted=trusted,
        resolver=resolver,  # type: ignore[arg-type]
        proxies=Proxies.of({"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url}),
        usual_pace=0.0,
    )


async def test_names_that_only_the_proxy_knows_are_reached(site: Site) -> None:
    site.on("/x", Answer(b"by proxy"))
    async with Proxy() as proxy, through(proxy) as web:
        assert (await web.get(f"http://papers.example:{site.port}/x")).body == b"by proxy"
        assert proxy.asked == [f"GET http://papers.example:{site.port}/x HTTP/1.1"]


async def test_tls_goes_through_a_tunnel_and_the_name_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path, "papers.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with Site(tls=context) as site:
        site.on("/", Answer(b"over TLS"))
        async with Proxy() as proxy, through(proxy) as web:
            page = await web.get(f"https://papers.example:{site.port}/", bounds=ONCE)
            assert page.body == b"over TLS"
            assert proxy.asked == [f"CONNECT papers.example:{site.port} HTTP/1.1"]
            with pytest.raises(Unreachable, match=r"other\.example cannot be reached through the proxy"):
                await web.get(f"https://other.example:{site.port}/", bounds=ONCE)


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.1", "10.0.0.1", "127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "localhost",
        "printer.local", "metadata.google.internal", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0",
        "10.1",
    ],
)  # fmt: skip
async def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    async with Proxy() as proxy, through(proxy) as web:
        for scheme in ("http", "https"):
            with pytest.raises(Forbidden, match=r"private network|is no web address"):
                await web.get(f"{scheme}://{host}/", bounds=ONCE)
        assert proxy.asked == []


async def test_a_name_that_is_known_here_to_be_private_is_refused() -> None:
    async with Proxy() as proxy, through(proxy, resolver=inside) as web:
        with pytest.raises(Forbidden, match="private network"):
            await web.get("http://wiki.example/", bounds=ONCE)
        assert proxy.asked == []


async def test_a_name_server_that_is_silent_is_waited_for_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def silent(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr("bot.wire._LOOK", 0.01)
    site.on("/*", Answer(b"x"))
    async with Proxy() as proxy, through(proxy, resolver=silent) as web:
        for name in ("one", "two"):
            assert (await web.get(f"http://{name}.example:{site.port}/")).body == b"x"
        assert asked == ["one.example"]


async def test_a_redirect_into_the_network_is_refused(site: Site) -> None:
    site.on("/", Answer(status=302, headers={"Location": "http://10.0.0.1/"}))
    async with Proxy() as proxy, through(proxy) as web:
        with pytest.raises(Forbidden, match=r"10\.0\.0\.1 lies in a private network"):
            await web.get(f"http://papers.example:{site.port}/", bounds=ONCE)


async def test_what_the_operator_configured_in_the_own_network_goes_direct(site: Site) -> None:
    site.on("/*", Answer(b"direct"))
    async with Proxy() as proxy, through(proxy, trusted=[site.url]) as web:
        assert (await web.get(f"{site.url}/feed")).body == b"direct"
        assert proxy.asked == []


async def test_configured_public_places_go_through_it(site: Site) -> None:
    site.on("/*", Answer(b"x"))
    place = f"http://rss.example:{site.port}"
    async with Proxy() as proxy, through(proxy, trusted=[place]) as web:
        await web.get(f"{place}/atom")
        assert len(proxy.asked) == 1


async def test_a_proxy_with_a_password(site: Site) -> None:
    site.on("/*", Answer(b"x"))
    async with Proxy(password="ada:secret") as proxy:
        async with through(proxy) as web:
            with pytest.raises(Unreachable, match="The proxy wants a name and password"):
                await web.get(f"http://papers.example:{site.port}/", bounds=ONCE)
        proxies = Proxies(http=proxy.url.replace("//", "//ada:secret@"))
        async with Web(SetClock(), resolver=nowhere, proxies=proxies) as web:
            assert (await web.get(f"http://papers.example:{site.port}/")).body == b"x"


async def test_a_proxy_that_refuses_or_is_away_is_named() -> None:
    async with Proxy(refuses=403) as proxy, through(proxy) as web:
        with pytest.raises(Unreachable, match=r"papers\.example cannot be reached through the proxy 127"):
            await web.get("https://papers.example/", bounds=ONCE)
    away = Proxies(http="http://127.0.0.1:9", https="http://127.0.0.1:9")
    async with Web(SetClock(), resolver=nowhere, proxies=away) as web:
        with pytest.raises(Unreachable, match="through the proxy") as told:
            await web.get("http://papers.example/", bounds=ONCE)
        assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("without", "host", "port", "direct"),
    [
        ("*", "papers.example", 443, True),
        ("", "papers.example", 443, False),
        ("papers.example", "papers.example", 443, True),
        ("papers.example", "www.papers.example", 443, True),
        (".papers.example", "papers.example", 443, True),
        ("*.papers.example", "www.papers.example", 443, True),
        ("papers.example", "notpapers.example", 443, False),
        ("papers.example:443", "papers.example", 443, True),
        ("papers.example:8080", "papers.example", 443, False),
        ("10.0.0.0/8", "10.2.3.4", 80, True),
        ("10.0.0.0/8", "11.2.3.4", 80, False),
        ("192.168.0.1", "192.168.0.1", 80, True),
        ("192.168.0.1:81", "192.168.0.1", 80, False),
        ("fd00::/8", "fd00::1", 80, True),
        ("[fd00::1]:80", "fd00::1", 80, True),
        ("[fd00::1]:81", "fd00::1", 80, False),
        ("a.example, , PAPERS.example", "papers.example", 443, True),
        (".", "papers.example", 443, False),
    ],
)
def test_what_goes_without_a_proxy(without: str, host: str, port: int, direct: bool) -> None:
    proxies = Proxies.of({"HTTPS_PROXY": "http://proxy:3128", "ALL_PROXY": "all:1", "NO_PROXY": without})
    assert proxies.for_("https", host, port) == ("" if direct else "http://proxy:3128")
    assert proxies.for_("http", host, port) == ("" if direct else "http://all:1")


@pytest.mark.parametrize("environ", [{"ALL_PROXY": "socks5://proxy:1080"}, {"https_proxy": "http://:x"}])
def test_a_proxy_of_another_kind_is_told_at_the_start(environ: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"only HTTP proxies are understood.*NO_PROXY=\*"):
        made_web(parse({}), SystemClock(), environ)


async def test_certificates_are_read_once_and_beside_the_event_loop(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = ssl.create_default_context

    def reading(*given: Any, **more: Any) -> ssl.SSLContext:
        made.append(threading.get_ident())
        return real(*given, **more)

    site.on("/*", Answer(b"x"))
    async with Proxy() as proxy, through(proxy, trusted=[site.url]) as web:
        monkeypatch.setattr(ssl, "create_default_context", reading)
        for place in (f"http://papers.example:{site.port}", f"http://code.example:{site.port}", site.url):
            assert (await web.get(f"{place}/x")).body == b"x"
    assert len(made) == 1
    assert made[0] != threading.get_ident()


async def test_certificates_that_cannot_be_read_are_a_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (pem := tmp_path / "broken.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with Web(SetClock(), trusted=[site.url]) as web:
        with pytest.raises(Unreachable, match="see SSL_CERT_FILE"):
            await web.get(f"{site.url}/x", bounds=ONCE)


def test_no_proxy_for_everything_makes_a_foreign_one_harmless() -> None:
    proxies = Proxies.of({"ALL_PROXY": "socks5://proxy:1080", "NO_PROXY": "intern, *"})
    assert proxies.for_("https", "papers.example", 443) == ""


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("https://api.openai.com/v1", False),
        ("http://llm.lab.example:8000/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://10.1.2.3:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://discord.com/api/v10", False),
        ("wss://gateway.lab.example", True),
    ],
)
def test_what_the_configuration_places_in_the_own_network_is_asked_directly(url: str, direct: bool) -> None:
    proxies = Proxies.of({"ALL_PROXY": "http://proxy:3128", "NO_PROXY": ".lab.example"})
    assert proxies.to(url) == ("" if direct else "http://proxy:3128")
