"""The fake Slack is as strict as Slack: what it refuses, limits, redelivers and loses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import CHANNEL, USER, Clock, FakeSlack
from tests.fakes.slack_limits import check_blocks, check_view, pings, unescaped


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.tokens.bot, base_url=slack.api_url, retry_handlers=[])


async def refusal(call: Any) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value


async def test_a_post_stands_in_the_channel_and_its_reply_in_the_thread(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    parent = await client.chat_postMessage(channel=CHANNEL, text="parent")
    await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=parent["ts"])
    assert [m.text for m in slack.posts()] == ["parent"]
    assert [m.text for m in slack.posts(thread=parent["ts"])] == ["reply"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"blocks": [], "text": "", "markdown_text": ""}, "no_text"),
        ({"text": "x", "channel": "C0NOWHERE"}, "channel_not_found"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"text": "x", "thread_ts": "1760000000.999999"}, "thread_not_found"),
        ({"text": "x", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{"type": "markdown", "text": "y" * 6000} for _ in range(2)]},
            "msg_blocks_too_long",
        ),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
    ],
)
async def test_posts_that_slack_refuses(client: AsyncWebClient, args: dict[str, Any], error: str) -> None:
    refused = await refusal(client.api_call("chat.postMessage", json={"channel": CHANNEL} | args))
    assert refused.response["error"] == error


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "divider", "colour": "red"},
        {"type": "actions", "elements": []},
        {
            "type": "actions",
            "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}],
        },
        {"type": "context", "elements": [{"type": "plain_text", "text": "x"}] * 11},
        {"type": "image", "image_url": "javascript:alert(1)", "alt_text": "x"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
        {
            "type": "input",
            "label": {"type": "plain_text", "text": "x"},
            "element": {"type": "plain_text_input"},
        },
    ],
)
def test_blocks_that_slack_refuses_in_messages(block: dict[str, Any]) -> None:
    assert check_blocks([block])


def test_what_slack_takes_is_not_refused() -> None:
    text = {"type": "plain_text", "text": "Save"}
    assert check_blocks([{"type": "divider"}] * 50) == []
    assert check_blocks([{"type": "divider"}] * 51)
    modal = {"type": "modal", "title": text, "blocks": [{"type": "divider"}]}
    assert check_view(modal) == []
    assert check_view({**modal, "title": {"type": "plain_text", "text": "x" * 25}})


def test_pings_and_bare_brackets_are_seen() -> None:
    assert pings("hi <!channel> and <@U1> and &lt;!here&gt;") == ["!channel", "@U1"]
    assert unescaped("a < b & c <https://x.org|x>") == ["<", "&"]
    assert unescaped("a &lt; b &amp; c") == []


async def test_tokens_and_scopes_are_checked(slack: FakeSlack) -> None:
    bad = AsyncWebClient(token="xoxb-other", base_url=slack.api_url)
    assert (await refusal(bad.auth_test())).response["error"] == "invalid_auth"
    slack.world.scopes.discard("chat:write")
    client = AsyncWebClient(token=slack.tokens.bot, base_url=slack.api_url)
    refused = await refusal(client.chat_postMessage(channel=CHANNEL, text="x"))
    assert (refused.response["error"], refused.response["needed"]) == ("missing_scope", "chat:write")


async def test_rates_are_limited_and_time_heals(slack: FakeSlack, client: AsyncWebClient) -> None:
    for _ in range(4):
        await client.chat_postMessage(channel=CHANNEL, text="x")
    refused = await refusal(client.chat_postMessage(channel=CHANNEL, text="x"))
    assert refused.response.status_code == 429
    assert refused.response.headers["Retry-After"] == "1"
    clock = slack.clock
    assert isinstance(clock, Clock)
    clock.advance(1)
    await client.chat_postMessage(channel=CHANNEL, text="x")


async def test_a_lost_answer_was_recorded_and_a_late_one_lands_later(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    slack.mishap("chat.postMessage", "lost")
    slack.mishap("chat.postMessage", "late")
    for text in ("lost", "late"):
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=CHANNEL, text=text)
    assert [m.text for m in slack.posts()] == ["lost"]
    slack.land()
    assert [m.text for m in slack.posts()] == ["lost", "late"]


async def test_streams_end_after_five_minutes(slack: FakeSlack, client: AsyncWebClient) -> None:
    asked = await slack.says("question")
    stream = await client.chat_startStream(
        channel=CHANNEL, thread_ts=asked.ts, recipient_user_id=USER, recipient_team_id="T0PAPER"
    )
    await client.chat_appendStream(channel=CHANNEL, ts=stream["ts"], markdown_text="half")
    assert isinstance(slack.clock, Clock)
    slack.clock.advance(301)
    late = client.chat_appendStream(channel=CHANNEL, ts=stream["ts"], markdown_text="more")
    assert (await refusal(late)).response["error"] == "message_not_in_streaming_state"
    assert slack.posts(thread=asked.ts)[0].text == "half"


async def test_a_response_url_works_five_times_within_half_an_hour(slack: FakeSlack) -> None:
    url = slack.response_url(CHANNEL, USER)
    async with aiohttp.ClientSession() as session:
        answers = []
        for _ in range(6):
            async with session.post(url, data=json.dumps({"text": "x"})) as response:
                answers.append(response.status)
        assert isinstance(slack.clock, Clock)
        late = slack.response_url(CHANNEL, USER)
        slack.clock.advance(1801)
        async with session.post(late, data=json.dumps({"text": "x"})) as response:
            answers.append(response.status)
    assert answers == [200] * 5 + [404, 404]


async def test_a_ticket_serves_once(slack: FakeSlack) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.tokens.app))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
