"""The way out: polite, bounded, closed to private networks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.addresses import is_public
from bot.errors import Forbidden, NotFound, SourceError, Throttled, Unreachable, Unreadable
from bot.web import Bounds, Web, user_agent
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site, bomb, broken, packed, redirect, throttled

SMALL = Bounds(size=100_000, seconds=5, tries=1)


@pytest.fixture
async def web(site: Site, clock: SetClock) -> AsyncIterator[Web]:
    async with Web(clock, trusted=[site.url], pace={"127.0.0.1": 3.0}, resolver=names) as web:
        yield web


async def names(host: str, port: int) -> Sequence[str]:
    """A name server of which some names are hostile."""
    known = {
        "inside.example": ["10.1.2.3"],
        "rebound.example": ["93.184.216.34", "127.0.0.1"],
        "gone.example": [],
    }
    return known.get(host, [host])


async def test_introduces_itself(web: Web, site: Site) -> None:
    site.on("/a", Answer(b"hello", kind="text/plain; charset=utf-8"))
    page = await web.get(f"{site.url}/a", params={"q": "a b"}, accept="text/plain")
    assert (page.status, page.body, page.kind) == (200, b"hello", "text/plain")
    assert site.asked[0].query == {"q": "a b"}
    assert site.asked[0].headers["user-agent"].startswith("Paperboy/")
    assert "+mailto:lab@example.org" in user_agent("mailto:lab@example.org")


async def test_a_host_is_asked_one_at_a_time_and_no_faster_than_agreed(
    web: Web, site: Site, clock: SetClock
) -> None:
    site.on("/*", Answer(b"x"))
    await asyncio.gather(*(web.get(f"{site.url}/{n}") for n in range(4)))
    assert site.most_at_once == 1
    assert clock.slept == [3.0, 3.0, 3.0]


async def test_another_port_is_another_host_with_its_own_pace(site: Site, clock: SetClock) -> None:
    site.on("/*", Answer(b"x"))
    with Site() as other:
        other.on("/*", Answer(b"y"))
        pace = {f"127.0.0.1:{site.port}": 9.0, f"127.0.0.1:{other.port}": 0.0}
        async with Web(clock, trusted=[site.url, other.url], pace=pace) as web:
            for url in (site.url, other.url, other.url, site.url):
                await web.get(url)
    assert clock.slept == [9.0]


async def test_an_unchanged_page_is_not_sent_again(web: Web, site: Site) -> None:
    def feed(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        return Answer(b"feed", headers={"ETag": '"1"', "Last-Modified": "Wed, 20 Aug 2025 04:00:00 GMT"})

    site.on("/feed", feed)
    first = await web.get(f"{site.url}/feed")
    assert first.marks == {"etag": '"1"', "modified": "Wed, 20 Aug 2025 04:00:00 GMT"}
    second = await web.get(f"{site.url}/feed", seen=first.marks)
    assert second.unchanged
    assert second.body == b""
    assert site.asked[1].headers["if-modified-since"] == "Wed, 20 Aug 2025 04:00:00 GMT"


async def test_a_passing_fault_is_tried_again(web: Web, site: Site, clock: SetClock) -> None:
    site.on("/a", broken(), throttled("7"), Answer(b"at last"))
    assert (await web.get(f"{site.url}/a")).body == b"at last"
    assert 7.0 in clock.slept


async def test_retry_after_may_be_a_date_and_binds_the_next_request_too(
    web: Web, site: Site, clock: SetClock
) -> None:
    site.on("/a", throttled("Wed, 20 Aug 2025 12:00:40 GMT")).on("/b", Answer(b"b"))
    with pytest.raises(Throttled, match="429") as told:
        await web.get(f"{site.url}/a", bounds=SMALL)
    assert told.value.retry_after == 40
    await web.get(f"{site.url}/b")
    assert clock.slept == [40.0]


@pytest.mark.parametrize("told", ["²", "9" * 5_000, "soon", ""])
async def test_a_wait_that_is_no_number_is_no_wait_that_was_named(web: Web, site: Site, told: str) -> None:
    site.on("/a", throttled(told))
    with pytest.raises(Throttled) as error:
        await web.get(f"{site.url}/a", bounds=SMALL)
    assert error.value.retry_after is None


async def test_a_long_wait_is_told_instead_of_waited_for(web: Web, site: Site, clock: SetClock) -> None:
    site.on("/a", throttled("86400"))
    with pytest.raises(Throttled):
        await web.get(f"{site.url}/a")
    with pytest.raises(Throttled, match="asked for patience"):
        await web.get(f"{site.url}/a")
    assert len(site.asked) == 1
    assert clock.slept == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (throttled(), Throttled, "429"),
        (broken(), Unreachable, "503"),
        (Answer(status=404), NotFound, "404"),
        (Answer(status=410), NotFound, "410"),
        (Answer(status=403), SourceError, "403"),
        (Answer(b"x" * 100, cut=50), Unreachable, "cannot be reached"),
        (Answer(bytes(200_000)), Unreadable, "more than 0.1 MB"),
        (Answer(endless=True), Unreadable, "more than 0.1 MB"),
        (bomb(50_000_000), Unreadable, "more than 0.1 MB"),
        (Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), Unreadable, "broken compressed"),
        (Answer(b"x", headers={"Content-Encoding": "br"}), Unreadable, "not asked for"),
        (Answer(b"x" * 1000, drip=0.02), Unreadable, "took longer than"),
        (redirect("/a"), Unreadable, "in circles"),
        (redirect("file:///etc/passwd"), Forbidden, "no web address"),
        (redirect("http://10.0.0.1/"), Forbidden, "private network"),
        (redirect("http://169.254.169.254/latest/meta-data"), Forbidden, "private network"),
        (redirect("http://[::1]/"), Forbidden, "private network"),
        (redirect("http://[::ffff:127.0.0.1]/"), Forbidden, "private network"),
        (redirect("http://inside.example/"), Forbidden, "private network"),
        (redirect("http://rebound.example/"), Forbidden, "private network"),
        (redirect("http://gone.example/"), Unreachable, "cannot be found"),
        (redirect("http://127.0.0.1:1/"), Forbidden, "private network"),
        (redirect("http://user:secret@example.org/"), Forbidden, "name or password"),
        (redirect("http://["), Forbidden, "no web address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_must_not_be_read_is_refused_with_a_sentence(
    web: Web, site: Site, answer: Answer, error: type[Exception], words: str
) -> None:
    site.on("/a", answer)
    bounds = Bounds(size=100_000, seconds=0.3 if answer.drip else 5, tries=1)
    with pytest.raises(error, match=words) as told:
        await web.get(f"{site.url}/a", bounds=bounds)
    assert str(told.value).endswith(".")


async def test_a_stranger_may_not_name_a_private_address(site: Site, clock: SetClock) -> None:
    async with Web(clock) as web:
        for url in (
            site.url,
            "http://localhost/",
            "http://2130706433/",
            "ftp://example.org/",
            "file:///etc/passwd",
        ):
            with pytest.raises(Forbidden):
                await web.get(url)
    assert site.asked == []


async def test_a_refused_connection_is_a_sentence(clock: SetClock) -> None:
    async with Web(clock, trusted=["http://127.0.0.1:9"]) as web:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached"):
            await web.get("http://127.0.0.1:9/", bounds=SMALL)


async def test_packed_answers_are_unpacked_and_redirects_followed(web: Web, site: Site) -> None:
    site.on("/old", redirect("/new", 301)).on("/new", packed(b"content" * 1000))
    page = await web.get(f"{site.url}/old")
    assert page.body == b"content" * 1000
    assert page.url == f"{site.url}/new"


async def test_the_checked_address_is_the_one_connected_to(site: Site, clock: SetClock) -> None:
    looked_up: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    place = f"http://papers.example:{site.port}"
    site.on("/", Answer(b"here"))
    async with Web(clock, trusted=[place], resolver=resolver) as web:
        assert (await web.get(f"{place}/")).body == b"here"
    assert looked_up == ["papers.example"]
    assert site.asked[0].headers["host"] == f"papers.example:{site.port}"


async def test_a_status_may_be_tolerated(web: Web, site: Site) -> None:
    site.on("/a", Answer(b"Error", 400))
    assert (await web.get(f"{site.url}/a", tolerate={400})).status == 400


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "example.org",
        "",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)
