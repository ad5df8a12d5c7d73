"""Slack in HTTP mode: what is not signed, fresh and readable does nothing; many workspaces by OAuth."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from cryptography.fernet import Fernet

from adapters.slack import SlackListener
from adapters.slack_http import Door
from adapters.slack_install import KEPT
from adapters.slack_post import SlackPoster
from adapters.slack_web import REMOVED
from bot.doc import paragraph
from bot.domain import ChannelId, Post, Reply, Request, UserId
from bot.errors import ChannelGone, ConfigError, NotSent, PlatformError
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import slack, slack_workspaces
from tests.fakes.slack import CHANNEL, Clock, FakeSlack, Message

LOOPBACK = ("127.0.0.1", 0)


class Memory:
    """Marks in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.kept[key] = value

    async def take(self, key: str) -> str | None:
        return self.kept.pop(key, None)

    async def beginning(self, prefix: str) -> dict[str, str]:
        return {key: value for key, value in self.kept.items() if key.startswith(prefix)}


async def echo(request: Request, responder: Responder) -> None:
    await responder.send(Reply((paragraph(f"You said: {request.text}"),)))


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


def clock_of(fake: FakeSlack) -> Clock:
    assert isinstance(fake.clock, Clock)
    return fake.clock


@asynccontextmanager
async def serving(fake: FakeSlack, listener: SlackListener, core: Core) -> AsyncIterator[str]:
    task = asyncio.create_task(listener.run(core))
    door = listener.door
    assert isinstance(door, Door)
    try:
        async with asyncio.timeout(5):
            await listener.connected.wait()
        fake.http_url = "http://{}:{}/slack/events".format(*door.address)
        yield fake.http_url.removesuffix("/slack/events")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def single(fake: FakeSlack) -> SlackListener:
    _, listener = slack(
        clock_of(fake),
        api_url=fake.api_url,
        bot_token=fake.tokens.bot,
        signing_secret=fake.tokens.signing_secret,
        listen=LOOPBACK,
    )
    return listener


async def test_the_same_story_over_http(fake: FakeSlack) -> None:
    core = Core(echo)
    async with serving(fake, single(fake), core):
        command = await fake.types("/paper topic a & b")
        await fake.until(lambda: fake.posts())
        mention = await fake.says("hello", mention=True)
        await fake.until(lambda: fake.posts(thread=mention.ts))
        odd = await fake.event({"type": "emoji_changed"})
    assert (command.status, odd.status) == (200, 200)
    assert [m.words for m in fake.posts()] == ["You said: topic a & b"]
    assert [request.kind for request in core.heard] == ["command", "reply"]


async def test_slack_can_verify_the_address(fake: FakeSlack) -> None:
    async with serving(fake, single(fake), Core()) as base:
        body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
        status, text = await call(base, body, fake.sign(body))
    assert (status, json.loads(text)) == (200, {"challenge": "abc"})


async def call(
    base: str, body: bytes, headers: dict[str, str], kind: str = "application/json"
) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base}/slack/events", data=body, headers=headers | {"Content-Type": kind}) as answer,
    ):
        return answer.status, await answer.text()


FORM = "application/x-www-form-urlencoded"
COMMAND = urlencode(
    {"command": "/paper", "text": "forget", "user_id": "U0ANA", "channel_id": CHANNEL, "team_id": "T0PAPER"}
).encode()


async def test_what_slack_did_not_sign_just_now_does_nothing(fake: FakeSlack) -> None:
    core = Core(echo)
    async with serving(fake, single(fake), core) as base:
        old = fake.sign(COMMAND, stamp=fake.wall() - 301)
        forged = fake.sign(COMMAND, secret="guessed")
        other = fake.sign(b"something else")
        for headers in (
            old,
            forged,
            other,
            {},
            {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=1"},
            {"X-Slack-Request-Timestamp": "²", "X-Slack-Signature": "v0=1"},
            {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=1"},
        ):
            assert (await call(base, COMMAND, headers, FORM))[0] == 401
        good = fake.sign(COMMAND)
        assert (await call(base, COMMAND, good, FORM))[0] == 200
        assert (await call(base, COMMAND, good, FORM))[0] == 401
        await core.until(lambda: core.heard)
    assert len(core.heard) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{not json", "application/json"),
        (b"[1, 2]", "application/json"),
        (b"\xff\xfe\x00", FORM),
        (b"payload=%7Bnot+json", FORM),
        (b"hello=world", FORM),
        (b"", FORM),
        (b"<xml/>", "text/xml"),
    ],
)
async def test_garbage_is_refused_even_when_signed(fake: FakeSlack, body: bytes, kind: str) -> None:
    core = Core()
    async with serving(fake, single(fake), core) as base:
        assert (await call(base, body, fake.sign(body), kind))[0] in (400, 401)
    assert core.heard == []


async def test_a_request_over_a_megabyte_is_refused(fake: FakeSlack) -> None:
    async with serving(fake, single(fake), Core()) as base:
        big = b"x" * (2**20 + 1)
        async with aiohttp.ClientSession() as session:
            answer = await session.post(f"{base}/slack/events", data=io.BytesIO(big), headers=fake.sign(big))
            assert answer.status == 400


async def test_a_port_that_is_taken_is_one_sentence(fake: FakeSlack) -> None:
    first = single(fake)
    async with serving(fake, first, Core()):
        door = first.door
        assert isinstance(door, Door)
        _, second = slack(
            clock_of(fake),
            api_url=fake.api_url,
            bot_token=fake.tokens.bot,
            signing_secret="x",
            listen=door.address,
        )
        with pytest.raises(PlatformError, match="cannot listen"):
            await second.run(Core())


# ---- many workspaces -----------------------------------------------------------------------------


def many(fake: FakeSlack, marks: Memory, key: str, **more: Any) -> tuple[SlackPoster, SlackListener]:
    return slack_workspaces(
        clock_of(fake),
        marks,
        api_url=fake.api_url,
        client_id=fake.tokens.client_id,
        client_secret=fake.tokens.client_secret,
        signing_secret=fake.tokens.signing_secret,
        keys=key,
        listen=LOOPBACK,
    )


async def install(fake: FakeSlack, base: str, team: str, *, code: str = "code") -> tuple[int, str]:
    """Walk through the pages as a browser does."""
    fake.tokens.codes["code"] = (team, f"xoxb-{team}")
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{base}/slack/install", allow_redirects=False) as answer:
            state = answer.headers["Location"].rpartition("state=")[2]
            cookie = answer.cookies["paperboy-install"].value
        query = {"state": state, "code": code}
        cookies = {"Cookie": f"paperboy-install={cookie}"}
        async with browser.get(f"{base}/slack/oauth_redirect", params=query, headers=cookies) as answer:
            return answer.status, await answer.text()


async def test_two_workspaces_install_the_app_and_each_is_answered_with_its_token(fake: FakeSlack) -> None:
    marks, core = Memory(), Core(echo)
    poster, listener = many(fake, marks, Fernet.generate_key().decode())
    async with serving(fake, listener, core) as base:
        assert (await install(fake, base, "T0ONE"))[0] == 200
        assert (await install(fake, base, "T0TWO"))[0] == 200
        for team in ("T0ONE", "T0TWO"):
            event = {"type": "app_mention", "user": "U0ANA", "channel": CHANNEL, "text": team}
            asked = fake.world.add(Message(CHANNEL, fake.world.ts(), "U0ANA", team))
            await fake.event(event | {"ts": asked.ts}, team=team)
        await fake.until(lambda: len([m for m in fake.world.messages if m.bot]) == 2)
        place = ChannelId(f"slack:T0TWO/{CHANNEL}")
        await poster.post(Post(place, (paragraph("x"),), "k"))
        found = await listener.check([place])
        assert await poster.home(UserId("slack:T0TWO/U0ANA")) == "slack:T0TWO/D0ANA"
        await fake.event({"type": "channel_archive", "channel": CHANNEL}, team="T0TWO")
        await core.until(lambda: core.gone)
    assert [request.workspace for request in core.heard] == ["T0ONE", "T0TWO"]
    assert [request.channel for request in core.heard] == [f"slack:T0ONE/{CHANNEL}", place]
    assert [request.user for request in core.heard] == ["slack:T0ONE/U0ANA", "slack:T0TWO/U0ANA"]
    assert core.gone == [(place, "the channel was archived")]
    assert all(finding.ok for finding in found)
    posted = [token for method, token in fake.world.tokens_used if method == "chat.postMessage"]
    assert posted == ["xoxb-T0ONE", "xoxb-T0TWO", "xoxb-T0TWO"]


async def test_the_doctor_asks_slack_and_not_what_was_kept_at_installation(fake: FakeSlack) -> None:
    marks, key = Memory(), Fernet.generate_key().decode()
    _, listener = many(fake, marks, key)
    async with serving(fake, listener, Core()) as base:
        for team in ("T0ONE", "T0TWO"):
            await install(fake, base, team)
    fake.tokens.revoked.add("xoxb-T0ONE")
    fake.world.scopes.discard("links:read")
    fake.now_offset = -400
    _, doctor = many(fake, marks, key)
    found = await doctor.check([ChannelId(f"slack:T0TWO/{CHANNEL}")])
    gone, token, scopes, clock, channel = found
    assert (gone.ok, token.ok, scopes.ok, clock.ok, channel.ok) == (False, True, False, False, True)
    assert gone.detail.startswith("workspace T0ONE: ")
    assert "install it again" in gone.detail
    assert "links:read" in scopes.detail
    assert "400 s ahead" in clock.detail


async def test_the_same_message_in_two_workspaces_is_two_messages(fake: FakeSlack) -> None:
    core = Core()
    _, listener = many(fake, Memory(), Fernet.generate_key().decode())
    async with serving(fake, listener, core) as base:
        for team in ("T0ONE", "T0TWO"):
            await install(fake, base, team)
            event = {"type": "app_mention", "user": "U0ANA", "channel": CHANNEL, "text": "x", "ts": "1.5"}
            await fake.event(event, team=team)
            await fake.event(event, team=team)
        await core.until(lambda: len(core.heard) == 2)
    assert [request.workspace for request in core.heard] == ["T0ONE", "T0TWO"]


async def test_tokens_are_unreadable_at_rest_and_survive_a_new_key(fake: FakeSlack) -> None:
    marks, old, new = Memory(), Fernet.generate_key().decode(), Fernet.generate_key().decode()
    _, listener = many(fake, marks, old)
    async with serving(fake, listener, Core()) as base:
        await install(fake, base, "T0ONE")
    assert "xoxb-" not in json.dumps(marks.kept)
    assert list(marks.kept) == [f"{KEPT}T0ONE"]
    place = ChannelId(f"slack:{CHANNEL}")
    poster, _ = many(fake, marks, f"{new},{old}")
    await poster.post(Post(place, (paragraph("x"),), "k", workspace="T0ONE"))
    stranger, _ = many(fake, marks, new)
    with pytest.raises(ChannelGone, match="another key"):
        await stranger.post(Post(place, (paragraph("x"),), "k2", workspace="T0ONE"))


async def test_a_channel_without_a_workspace_is_told_how_to_be_named(fake: FakeSlack) -> None:
    poster, listener = many(fake, Memory(), Fernet.generate_key().decode())
    async with serving(fake, listener, Core()) as base:
        await install(fake, base, "T0ONE")
        with pytest.raises(NotSent, match="slack:T0123/C0456"):
            await poster.post(Post(ChannelId(f"slack:{CHANNEL}"), (paragraph("x"),), "k"))


async def test_a_removed_app_is_forgotten(fake: FakeSlack) -> None:
    marks, core = Memory(), Core(echo)
    poster, listener = many(fake, marks, Fernet.generate_key().decode())
    async with serving(fake, listener, core) as base:
        await install(fake, base, "T0ONE")
        await fake.event({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, team="T0ONE")
        await fake.event({"type": "app_uninstalled"}, team="T0ONE")
        await asyncio.sleep(0)
        assert marks.kept == {}
        with pytest.raises(ChannelGone, match="install it again"):
            await poster.post(Post(ChannelId(f"slack:{CHANNEL}"), (paragraph("x"),), "k", workspace="T0ONE"))
        await core.until(lambda: core.left)
        assert core.left == [("slack", "T0ONE", REMOVED)]
        await install(fake, base, "T0ONE")
        await install(fake, base, "T0TWO")
        await core.until(lambda: len(core.returned) == 3)
        assert core.returned[1:] == [("slack", "T0ONE", REMOVED), ("slack", "T0TWO", REMOVED)]
        fake.tokens.revoked.add("xoxb-T0TWO")
        with pytest.raises(ChannelGone, match="install it again"):
            await poster.post(Post(ChannelId(f"slack:{CHANNEL}"), (paragraph("x"),), "k", workspace="T0TWO"))
        await core.until(lambda: len(core.left) == 2)
        assert core.left[1] == ("slack", "T0TWO", REMOVED)
        await fake.event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ANA"]}}, team="T0ONE")
        await poster.post(Post(ChannelId(f"slack:{CHANNEL}"), (paragraph("x"),), "k", workspace="T0ONE"))


async def test_an_installation_needs_the_same_browser_a_fresh_state_and_a_code(fake: FakeSlack) -> None:
    marks = Memory()
    _, listener = many(fake, marks, Fernet.generate_key().decode())
    async with serving(fake, listener, Core()) as base, aiohttp.ClientSession() as browser:
        assert (await install(fake, base, "T0ONE", code="stolen"))[0] == 502
        await marks.put("slack.state.mine", str(fake.clock()))
        for query, cookie in (
            ({"state": "mine", "code": "code"}, "other"),
            ({"state": "unknown", "code": "code"}, "unknown"),
            ({"code": "code"}, ""),
            ({"error": "access_denied"}, ""),
        ):
            headers = {"Cookie": f"paperboy-install={cookie}"}
            async with browser.get(f"{base}/slack/oauth_redirect", params=query, headers=headers) as answer:
                assert answer.status == 400
        await marks.put("slack.state.late", str(fake.clock() - 601))
        query, headers = {"state": "late", "code": "code"}, {"Cookie": "paperboy-install=late"}
        async with browser.get(f"{base}/slack/oauth_redirect", params=query, headers=headers) as answer:
            assert "too long ago" in await answer.text()
    assert not any(key.startswith(KEPT) for key in marks.kept)


def test_a_key_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"Fernet.generate_key"):
        slack_workspaces(
            Clock(), Memory(), client_id="", client_secret="", signing_secret="", keys="not a key"
        )
