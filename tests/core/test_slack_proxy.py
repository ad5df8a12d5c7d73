"""Slack behind a proxy: the one that is handed in is used for everything, the environment's is not."""

from __future__ import annotations

import pytest

from bot.doc import paragraph
from bot.domain import Reply, Request
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import listening
from tests.fakes.proxy import Proxy
from tests.fakes.slack import FakeSlack


async def hello(request: Request, responder: Responder) -> None:
    await responder.send(Reply((paragraph("Hello."),), private=True))


async def asked_for_help(slack: FakeSlack, *, api_url: str = "", proxy: str = "") -> None:
    async with listening(slack, Core(hello), api_url=api_url or slack.api_url, proxy=proxy):
        await slack.types("/paper help")
        await slack.until(lambda: any(message.words == "Hello." for message in slack.world.messages))


async def test_calls_socket_and_response_url_go_through_the_proxy() -> None:
    async with FakeSlack() as slack, Proxy(password="ada:secret") as proxy:
        outside = slack.api_url.replace("127.0.0.1", "slack.example")
        await asked_for_help(slack, api_url=outside, proxy=proxy.url.replace("//", "//ada:secret@"))
    asked = " ".join(proxy.asked)
    for part in (f"{outside}auth.test", f"{outside}apps.connections.open", "/link/", "/response/"):
        assert part in asked


async def test_what_the_environment_names_is_not_asked_behind_our_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeSlack() as slack, Proxy(refuses=403) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        await asked_for_help(slack)
    assert proxy.asked == []
