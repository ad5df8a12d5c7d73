"""Files dropped on Slack: fetched with the token from Slack alone, by the program's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.domain import Attachment
from bot.errors import Forbidden, NotFound, SourceError, Unreachable, Unreadable
from bot.platforms import download_with
from bot.web import Web
from tests.contracts.platforms import Core
from tests.contracts.slack import listening
from tests.fakes.slack import Clock, FakeSlack, File
from tests.fakes.web import Answer, Site, redirect

PDF = b"%PDF-1.4 a paper"


@asynccontextmanager
async def heard(
    slack: FakeSlack, *files: File, direct: bool = False
) -> AsyncIterator[tuple[Attachment, ...]]:
    """What the core is handed when somebody drops these files."""
    core = Core()
    channel = slack.world.im("U0ANA").id if direct else "C0PAPERS"
    async with (
        Web(slack.clock, trusted=[slack.api_url], usual_pace=0.0) as web,
        listening(slack, core, download=download_with(web)),
    ):
        await slack.says("" if direct else "read this", channel=channel, mention=not direct, files=files)
        await core.until(lambda: core.heard)
        yield core.heard[0].files


async def test_a_file_beside_a_mention_is_handed_over_and_fetched_with_the_token() -> None:
    async with FakeSlack() as slack, heard(slack, File("paper.pdf", PDF)) as (file,):
        assert (file.name, file.media, file.size) == ("paper.pdf", "application/pdf", len(PDF))
        assert await file.fetch(1_000) == PDF


async def test_a_file_in_a_direct_message_needs_no_words() -> None:
    files = (File("one.pdf", PDF), File("deleted.pdf", deleted=True), File("plot.png", b"PNG", "image/png"))
    async with FakeSlack() as slack, heard(slack, *files, direct=True) as found:
        assert [file.name for file in found] == ["one.pdf", "plot.png"]


async def test_nothing_is_fetched_before_the_core_asks() -> None:
    dropped = File("paper.pdf", PDF)
    async with FakeSlack() as slack, heard(slack, dropped):
        assert dropped.fetched == 0


async def test_without_the_scope_slack_shows_its_login_page_and_we_say_what_to_do() -> None:
    async with FakeSlack() as slack:
        slack.world.scopes.discard("files:read")
        async with heard(slack, File("paper.pdf", PDF)) as (file,):
            with pytest.raises(
                Unreadable, match=r"login page instead of paper.pdf.*scope files:read; add it"
            ):
                await file.fetch(1_000)


async def test_a_file_of_another_workspace_is_asked_for_first() -> None:
    async with FakeSlack() as slack, heard(slack, File("shared.pdf", PDF, stub=True)) as (file,):
        assert (file.name, file.size) == ("shared.pdf", len(PDF))
        assert await file.fetch(1_000) == PDF
        assert len(slack.calls("files.info", "ok")) == 1


async def test_a_shared_file_that_may_not_be_asked_for_is_told_when_it_is_read() -> None:
    async with FakeSlack() as slack:
        slack.world.scopes.discard("files:read")
        async with heard(slack, File("shared.pdf", PDF, stub=True)) as (file,):
            with pytest.raises(Unreachable, match="lacks the scope files:read"):
                await file.fetch(1_000)


async def test_the_token_goes_nowhere_else() -> None:
    with Site() as site:
        site.on("/*", Answer(PDF, kind="application/pdf"))
        document = File("cloud.pdf", PDF, elsewhere=f"{site.url}/cloud.pdf")
        async with FakeSlack() as slack, heard(slack, document) as (file,):
            with pytest.raises(Forbidden, match="does not lie on Slack itself"):
                await file.fetch(1_000)
        assert site.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/x.pdf", "https://files.slack.com.evil.example/x.pdf",
        "https://files.slack.com@evil.example/x.pdf", "https://files.slack.com:8443/x.pdf",
        "https://evil.example/files.slack.com", "file:///etc/passwd", "https://[::1/x", "",
    ],
)  # fmt: skip
async def test_addresses_that_only_look_like_slack_s(url: str) -> None:
    document = File("x.pdf", PDF, elsewhere=url or " ")
    async with FakeSlack() as slack, heard(slack, document) as (file,):
        with pytest.raises(Forbidden):
            await file.fetch(1_000)


async def test_a_large_file_is_given_up_and_a_deleted_one_told() -> None:
    large, gone = File("large.pdf", PDF * 1_000), File("gone.pdf", PDF)
    async with FakeSlack() as slack, heard(slack, large, gone) as (one, other):
        with pytest.raises(SourceError, match="sent more than"):
            await one.fetch(1_000)
        gone.deleted = True
        with pytest.raises(NotFound, match=r"Slack has gone\.pdf no more"):
            await other.fetch(1_000)


async def test_a_redirect_takes_no_token_along() -> None:
    with Site() as first, Site() as second:
        first.on("/a", redirect(f"{second.url}/b"))
        second.on("/b", Answer(PDF, kind="application/pdf"))
        async with Web(Clock(), trusted=[first.url, second.url], usual_pace=0.0) as web:
            page = await web.get(f"{first.url}/a", authorization="Bearer xoxb-fake")
        assert page.body == PDF
        assert first.asked[0].headers["authorization"] == "Bearer xoxb-fake"
        assert "authorization" not in second.asked[0].headers


async def test_the_files_of_a_message_chosen_from_its_menu_are_handed_over() -> None:
    core = Core()
    async with (
        FakeSlack() as slack,
        Web(slack.clock, trusted=[slack.api_url], usual_pace=0.0) as web,
        listening(slack, core, download=download_with(web)),
    ):
        message = await slack.says("our draft", files=[File("paper.pdf", PDF)])
        await slack.uses_shortcut("paperboy.ask", message)
        await core.until(lambda: core.heard)
        (file,) = core.heard[0].files
        assert (core.heard[0].kind, core.heard[0].text, file.name) == ("about", "our draft", "paper.pdf")
        assert await file.fetch(1_000) == PDF
