"""A lab's day on Slack through the real command line: check, digest, and the service with its people."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from urllib.parse import urlsplit

import pytest

from adapters.slack_http import PATH
from adapters.slack_manifest import faults, manifest
from bot.render.clean import visible
from tests.core.test_files import moss
from tests.fakes.slack import CHANNEL, USER, FakeSlack, File
from tests.flows.conftest import Lab

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)
TITLE = "Pruned Gaussian <!channel> splatting & *phones*"


class Elsewhere:
    """The fake Slack in a thread of its own, as the command line wants the main one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.slack = FakeSlack(limits=False)
        self.do(self.slack.__aenter__())

    def do(self, work: Awaitable[object], seconds: float = 20.0) -> None:
        self.start(work).result(seconds)

    def start(self, work: Awaitable[object]) -> Future[object]:
        async def waited() -> object:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self.loop)

    def close(self) -> None:
        self.do(self.slack.__aexit__())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def elsewhere(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    place = Elsewhere()
    monkeypatch.setenv("SLACK_BOT_TOKEN", place.slack.tokens.bot)
    monkeypatch.setenv("SLACK_APP_TOKEN", place.slack.tokens.app)
    lab.extra = f'[slack]\napi_url = "{place.slack.api_url}"\n[server]\nlisten = "127.0.0.1:0"\n'
    lab.channels = {f"slack:{CHANNEL}": ["gaussian splatting"]}
    yield place
    place.close()


def serve(lab: Lab, elsewhere: Elsewhere, story: Callable[[FakeSlack], Awaitable[None]], *verb: str) -> int:
    """Run the service (without its worker, unless told) while the story is told; its end is SIGTERM."""

    async def told() -> None:
        try:
            await elsewhere.slack.connected()
            await story(elsewhere.slack)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    telling = elsewhere.start(told())
    said = lab.run(*(verb or ("run", "--only", "slack")))
    assert said.code == 0, said.err
    telling.result(10)
    return said.code


async def kept(slack: FakeSlack) -> None:
    """Wait as long as a command takes: what the answer before it is about is kept by then."""
    before = len(slack.ephemerals(user="U0BEN"))
    await slack.types("/paper topics", user="U0BEN")
    await slack.until(lambda: len(slack.ephemerals(user="U0BEN")) > before, seconds=20)


def test_the_digest_comes_once_with_its_papers_in_the_thread(lab: Lab, elsewhere: Elsewhere) -> None:
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    first = lab.run("digest")
    assert first.code == 0
    (parent,) = elsewhere.slack.posts()
    assert "1 of 2 new papers" in parent.words
    (card,) = elsewhere.slack.posts(thread=parent.ts)
    assert TITLE in card.words
    assert number in card.words
    assert card.raw["unfurl_links"] is False
    assert lab.run("digest").code == 0
    assert len(elsewhere.slack.world.messages) == 2
    assert elsewhere.slack.world.pinged == []
    assert elsewhere.slack.world.misread == []


def test_people_ask_press_and_change_settings(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    lab.run("digest")
    parent = elsewhere.slack.posts()[0]
    card = elsewhere.slack.posts(thread=parent.ts)[0]

    async def story(slack: FakeSlack) -> None:
        def below() -> list[str]:
            return [m.words for m in slack.posts(thread=parent.ts)[1:]]

        await slack.says("what remains hard?", thread=parent.ts)
        await slack.until(lambda: any("Mirrors remain hard" in words for words in below()))
        await slack.presses("Ask", on=card)
        await slack.until(lambda: slack.world.views)
        await slack.submits(slack.modal(), {"Your question": "how much memory does it save?"})
        await slack.until(lambda: any("halves the memory" in words for words in below()[1:]))
        await slack.types("/paper schedule 25:99")
        await slack.until(lambda: slack.ephemerals())
        assert "Only a workspace admin" in slack.ephemerals()[0].words
        await slack.types("/paper schedule 25:99", user="U0ADMIN")
        await slack.until(lambda: slack.ephemerals(user="U0ADMIN"))
        assert "“25:99” is no time of day" in slack.ephemerals(user="U0ADMIN")[0].words
        await slack.types("/paper settings", user="U0ADMIN")
        await slack.until(lambda: len(slack.world.views) == 2)
        wrong = await slack.submits(slack.modal(), {"Time": "soon"}, user="U0ADMIN")
        assert list((wrong.ack or {})["errors"]) == ["at"]
        right = await slack.submits(slack.modal(), {"Time": "10:30"}, user="U0ADMIN")
        assert right.ack == {}
        await slack.until(lambda: len(slack.ephemerals(user="U0ADMIN")) > 1)
        await slack.types("/paper follow video understanding")
        await slack.until(lambda: len(slack.ephemerals()) > 1)
        await slack.opens_home()
        await slack.until(lambda: USER in slack.world.homes)

    assert serve(lab, elsewhere, story) == 0
    slack = elsewhere.slack
    assert "10:30" in slack.ephemerals(user="U0ADMIN")[-1].words
    assert slack.world.pinged == []


def test_a_person_follows_from_the_home_tab_and_reads_in_direct_messages(
    lab: Lab, elsewhere: Elsewhere
) -> None:
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    preview = lab.run("digest", "--dry-run")
    assert preview.code == 0, preview.err
    assert TITLE in preview.out
    assert elsewhere.slack.world.messages == []
    lab.run("fetch")

    async def story(slack: FakeSlack) -> None:
        im = slack.world.im(USER).id

        def own() -> list[str]:
            return [m.words for m in slack.posts(im)]

        await slack.opens_home()
        await slack.until(lambda: USER in slack.world.homes)
        await slack.presses("Choose topics", home=True)
        await slack.until(lambda: slack.world.views)
        await slack.submits(slack.modal(), {"Topics, one a line": "gaussian splatting"})
        await slack.until(own)
        await slack.opens_home()
        await slack.until(lambda: "gaussian splatting" in json.dumps(slack.world.homes[USER]))
        await slack.presses("Change it", home=True)
        await slack.until(lambda: len(slack.world.views) == 2)
        await slack.says(f"/paper ask {number} what remains hard?", channel=im)
        await slack.until(lambda: any("Mirrors" in words for words in own()))
        assert any("what remains hard?" in words and TITLE in words for words in own())
        await slack.says("https://arxiv.org/abs/2508.00002", channel=im)
        await slack.until(lambda: any("recogniser" in words for words in own()))

    assert serve(lab, elsewhere, story) == 0


def test_the_same_commands_give_the_same_words_as_in_the_terminal(lab: Lab, elsewhere: Elsewhere) -> None:
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.run("fetch")
    commands = [
        "topic gaussian splatting",
        f"show {number}",
        f"ask {number} what remains hard?",
        "help",
        "toppic",
    ]
    shown: dict[str, str] = {}

    async def story(slack: FakeSlack) -> None:
        for command in commands:
            old = [id(message) for message in slack.world.messages]

            def fresh(old: list[int] = old) -> list[str]:
                seen = [*slack.posts(), *slack.ephemerals()]
                return [message.words for message in seen if id(message) not in old and message.blocks]

            await slack.types(f"/paper {command}")
            shown[command] = (await slack.until(fresh))[0]

    assert serve(lab, elsewhere, story) == 0
    for command in commands:
        terminal = iter(words(lab.chat(f"/paper {command}")))
        missing = [word for word in words(shown[command]) if word not in terminal]
        assert missing == [], command


def words(text: str) -> list[str]:
    """The words in order, without addresses (a terminal writes them behind the words) and frames."""
    return re.findall(r"\w+", re.sub(r"https?://[^\s|>]+", " ", text))


def test_the_doctor_and_the_service_say_what_is_wrong(
    lab: Lab, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.at("")
    elsewhere.slack.world.channels[CHANNEL].members.clear()
    told = lab.run("check")
    assert told.code == 1
    assert "/invite" in told.out
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-wrong")
    said = lab.run("run", "--only", "slack")
    assert said.code == 1
    assert "Bot User OAuth Token" in said.err
    assert "Traceback" not in said.err


def test_init_for_slack_writes_the_manifest_too(lab: Lab, elsewhere: Elsewhere) -> None:
    typed = "slack\nC0PAPERS\ngaussian splatting\n\n9:00\nberlin\n"
    said = lab.run("init", "--force", typed=typed)
    assert said.code == 0, said.err
    written = (lab.folder / "paperboy.toml").read_text(encoding="utf-8")
    assert 'at = "09:00"' in written
    assert 'timezone = "Europe/Berlin"' in written
    manifest = json.loads((lab.folder / "slack-manifest.json").read_text(encoding="utf-8"))
    assert manifest["features"]["slash_commands"][0]["command"] == "/paper"
    assert "slack-manifest.json" in said.out


def test_a_pdf_dropped_into_a_digest_s_thread_is_read_and_asked_about(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    lab.run("digest")
    parent = elsewhere.slack.posts()[0]
    question = "How many grams of moss does the north side carry?"

    async def story(slack: FakeSlack) -> None:
        def below() -> str:
            return "\n".join(m.words for m in slack.posts(thread=parent.ts)[1:])

        await slack.says("", thread=parent.ts, files=[File("moss.pdf", moss())])
        await slack.until(lambda: "Counting moss on roofs" in below(), seconds=20)
        await kept(slack)
        await slack.says(question, thread=parent.ts)
        await slack.until(lambda: "312 grams" in below(), seconds=20)
        assert "page 2" in below().lower()
        slack.world.scopes.discard("files:read")
        await slack.says("", thread=parent.ts, files=[File("more.pdf", moss("Counting more moss on roofs"))])
        await slack.until(lambda: any("login page" in m.words for m in slack.ephemerals()), seconds=20)

    serve(lab, elsewhere, story)
    assert "Counting moss" not in lab.run("search", "counting moss on roofs").out


def test_a_removed_app_pauses_its_channels_and_they_go_on_when_it_is_back(
    lab: Lab, elsewhere: Elsewhere
) -> None:
    lab.feed.paper(TITLE, ABSTRACT)

    async def removed() -> None:
        slack = elsewhere.slack
        await slack.connected()
        slack.tokens.revoked.add(slack.tokens.bot)
        await slack.event({"type": "app_uninstalled"})

    telling = elsewhere.start(removed())
    said = lab.run("run", "--only", "slack")
    telling.result(10)
    assert said.code == 1
    assert said.err.count("The app was removed from this workspace") == 1
    assert "Traceback" not in said.err
    again = lab.run("run", "--only", "slack")
    assert again.code == 1
    assert "ready" not in again.err
    assert "install it again" in again.err
    assert "install it again" in lab.run("digest").err
    elsewhere.slack.tokens.revoked.clear()

    async def back(slack: FakeSlack) -> None:
        await slack.types("/paper status")
        await slack.until(lambda: slack.ephemerals())

    assert serve(lab, elsewhere, back) == 0
    assert "follows 1 topic" in elsewhere.slack.ephemerals()[0].words
    assert "install" not in elsewhere.slack.ephemerals()[0].words
    delivered = lab.run("digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]


def test_status_says_why_a_channel_gets_nothing_and_it_goes_on_by_itself(
    lab: Lab, elsewhere: Elsewhere
) -> None:
    lab.feed.paper(TITLE, ABSTRACT)

    async def story(slack: FakeSlack) -> None:
        async def status(words: str) -> None:
            shown = ""
            async with asyncio.timeout(10):
                while words not in shown:
                    before = len(slack.ephemerals())
                    await slack.types("/paper status")
                    await slack.until(lambda: len(slack.ephemerals()) > before)  # noqa: B023
                    shown = slack.ephemerals()[-1].words

        await slack.renames("papers-daily")
        await status("The digest comes every day")
        await slack.kicks_bot()
        await status("the bot was removed from the channel")
        await slack.invites_bot()
        await status("The digest comes every day")
        await slack.archives()

    assert serve(lab, elsewhere, story) == 0
    assert "the channel was archived" in lab.run("digest").err
    assert elsewhere.slack.posts() == []
    elsewhere.slack.world.channels[CHANNEL].is_archived = False

    async def unarchived(slack: FakeSlack) -> None:
        await slack.event({"type": "channel_unarchive", "channel": CHANNEL, "user": USER})

    assert serve(lab, elsewhere, unarchived) == 0
    assert [row["state"] for row in lab.run("digest", "--json").rows] == ["delivered"]
    (parent,) = elsewhere.slack.posts()
    assert TITLE in elsewhere.slack.posts(thread=parent.ts)[0].words


def test_anyone_may_change_a_channel_where_the_file_says_so(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.extra = f'[bot]\nchanges = "anyone"\n{lab.extra}'
    lab.feed.paper(TITLE, ABSTRACT)
    lab.run("fetch")

    async def story(slack: FakeSlack) -> None:
        await slack.types("/paper follow pruning rule")
        await slack.until(lambda: any("now follows" in m.words for m in slack.ephemerals()))
        await slack.types("/paper schedule 9:30 berlin mon-fri")
        await slack.until(lambda: any("at 09:30" in m.words for m in slack.ephemerals()))
        await slack.types("/paper settings")
        await slack.until(lambda: slack.world.views)
        sent = await slack.submits(slack.modal(), {"Papers a day at most": "3"})
        assert sent.ack == {}
        await slack.until(lambda: any("3 papers a day" in m.words for m in slack.ephemerals()))

    assert serve(lab, elsewhere, story) == 0


def test_refusals_name_people_and_show_settings_as_text(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.extra = f'[bot]\nadmins = ["slack:U0BEN"]\n{lab.extra}'
    lab.feed.paper(TITLE, ABSTRACT)

    async def story(slack: FakeSlack) -> None:
        for number, line in enumerate(("schedule", "settings", "follow x", "source add https://x.org"), 1):
            await slack.types(f"/paper {line}")
            await slack.until(lambda: len(slack.ephemerals()) >= number)  # noqa: B023
        await slack.types("/paper settings", user="U0BEN")
        await slack.until(lambda: slack.world.views)

    assert serve(lab, elsewhere, story) == 0
    slack = elsewhere.slack
    said = [" ".join(m.words.split("\n")) for m in slack.ephemerals()]
    assert len(said) == 4
    assert all(words.startswith("Only ") and "Paperboy's admins ( ben )" in words for words in said)
    assert "gaussian splatting" in said[1]
    assert len(slack.world.views) == 1
    assert slack.world.pinged == []


def test_answers_in_a_digest_s_thread_name_their_paper_whatever_was_pressed(
    lab: Lab, elsewhere: Elsewhere
) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    lab.feed.paper(
        "Gaussian splatting outdoors", "Gaussian splatting fails in rain. We propose a dry filter."
    )
    lab.run("digest")
    parent = elsewhere.slack.posts()[0]
    cards = elsewhere.slack.posts(thread=parent.ts)
    order = [TITLE in card.words for card in cards]
    outdoors = "second" if order == [True, False] else "first"

    async def story(slack: FakeSlack) -> None:
        async def answer(question: str, number: int) -> str:
            await slack.says(question, thread=parent.ts)
            await slack.until(lambda: len([m for m in slack.posts(thread=parent.ts) if m.blocks]) == number)
            return " ".join(slack.posts(thread=parent.ts)[-1].words.split("\n"))

        assert "On  Gaussian splatting outdoors" in await answer(f"what does the {outdoors} one propose?", 3)
        await slack.presses("Summary", on=next(card for card in cards if TITLE in card.words))
        await slack.until(lambda: len(slack.posts(thread=parent.ts)) == 4)
        await kept(slack)
        said = await answer(f"and what does the {outdoors} one propose?", 5)
        assert "On  Gaussian splatting outdoors" in said

    assert len(cards) == 2
    assert serve(lab, elsewhere, story) == 0


def test_in_threads_of_others_it_speaks_only_when_mentioned(lab: Lab, elsewhere: Elsewhere) -> None:
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.run("fetch")

    async def story(slack: FakeSlack) -> None:
        async def answered(root: str, number: int) -> None:
            await slack.until(lambda: len([m for m in slack.posts(thread=root) if m.blocks]) == number)
            await kept(slack)

        theirs = await slack.says("what do we read today?")
        await slack.says("let us see", thread=theirs.ts, user="U0BEN")
        await slack.says(f"what remains hard in {number}?", thread=theirs.ts, mention=True)
        await answered(theirs.ts, 1)
        await slack.says("how much memory does it save?", thread=theirs.ts, user="U0BEN")
        await slack.says("and how much memory does it save?", thread=theirs.ts, user="U0BEN", mention=True)
        await answered(theirs.ts, 2)
        assert "halves the memory" in slack.posts(thread=theirs.ts)[-1].words
        await slack.uses_shortcut("paperboy.ask", theirs)
        await slack.until(lambda: slack.world.views)
        await slack.submits(slack.modal(), {"Your question": "what remains hard?"})
        await answered(theirs.ts, 3)
        await slack.says("what remains hard?", thread=theirs.ts)
        mine = await slack.says(number, mention=True)
        await answered(mine.ts, 1)
        await slack.says("what remains hard?", thread=mine.ts)
        await answered(mine.ts, 2)
        link = await slack.shares(f"https://arxiv.org/abs/{number}")
        assert link is not None
        await slack.until(lambda: slack.world.unfurled)
        await answered(link.ts, 0)
        await slack.says("what remains hard?", thread=link.ts)
        await answered(link.ts, 1)
        await answered(theirs.ts, 3)

    assert serve(lab, elsewhere, story) == 0


def test_the_manifest_for_http_is_printed_with_its_addresses(lab: Lab) -> None:
    lab.extra = (
        '[bot]\ncommand = "/papers"\n[slack]\nmode = "http"\npublic_url = "https://papers.example.org"\n'
    )
    said = lab.run("init", "--slack")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert faults(told) == []
    address = f"https://papers.example.org{PATH}"
    settings, (command, *_) = told["settings"], told["features"]["slash_commands"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == address
    assert settings["interactivity"]["request_url"] == address
    assert command | {"command": "/papers", "url": address} == command
    redirects = told["oauth_config"]["redirect_urls"]
    assert redirects == ["https://papers.example.org/slack/oauth_redirect"]


LINKS = {
    "doi:10.1101/2024.01.02.573888": "https://www.biorxiv.org/content/10.1101/2024.01.02.573888v2.full",
    "doi:10.1101/2023.05.06.23289615": "https://www.medrxiv.org/content/10.1101/2023.05.06.23289615v1",
    "arxiv:2508.00007": "https://huggingface.co/papers/2508.00007",
    "arxiv:2508.00008": "https://arxiv.org/pdf/2508.00008v3",
}


def test_links_of_every_server_get_a_card_once_whatever_their_form(lab: Lab, elsewhere: Elsewhere) -> None:
    domains = manifest()["features"]["unfurl_domains"]
    assert all(any(urlsplit(url).netloc.endswith(known) for known in domains) for url in LINKS.values())
    file = lab.folder / "papers.jsonl"
    told = [{"id": name, "title": f"{TITLE} {name}", "abstract": ABSTRACT} for name in LINKS]
    file.write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
    assert lab.run("import", str(file)).code == 0

    async def story(slack: FakeSlack) -> None:
        for number, url in enumerate(LINKS.values(), 1):
            await slack.shares(url)
            await slack.until(lambda: len(slack.world.unfurled) == number)  # noqa: B023
        await slack.shares("https://arxiv.org/abs/2508.00008")
        await slack.shares("https://www.biorxiv.org/content/10.1101/2024.01.02.573888v1")
        root = await slack.shares("https://arxiv.org/abs/2508.00007", channel=slack.world.im(USER).id)
        await slack.until(lambda: len(slack.world.unfurled) == len(LINKS) + 1)
        assert root is not None
        await slack.says("what remains hard?", channel=slack.world.im(USER).id, thread=root.ts)
        await slack.until(lambda: "Mirrors remain" in all_words(slack))

    assert serve(lab, elsewhere, story) == 0
    slack = elsewhere.slack
    for (name, url), shown in zip(LINKS.items(), slack.world.unfurled, strict=False):
        (card,) = shown["unfurls"].values()
        assert list(shown["unfurls"]) == [url]
        assert name.partition(":")[2] in card["blocks"][0]["text"]["text"]
    assert (slack.world.pinged, slack.world.misread) == ([], [])


def all_words(slack: FakeSlack) -> str:
    return "\n".join(message.words for message in slack.world.messages if message.bot)


HOSTILE = (
    "<!channel> deep learning <@U0ANA> and <!here|here>",
    "*bold* _italic_ ~struck~ `code` ```fence``` :tada:",
    "Q&A: a < b > c &amp; &lt;!here&gt;",
    "https://evil.example|click <https://evil.example|arXiv>",
    "zero\u200bwidth and \u202eright to left\u202c and \u2066isolate",
    "W" + "o" * 299,
    "עברית וגם English ועוד מילים",
)


def test_hostile_titles_and_words_harm_no_kind_of_message(lab: Lab, elsewhere: Elsewhere) -> None:
    numbers = [lab.feed.paper(f"{title} splatting", ABSTRACT) for title in HOSTILE]
    topics = json.dumps(list(HOSTILE[:5]))
    lab.settings = f"not = {topics}"
    assert lab.run("digest").code == 0
    first, second, *_ = numbers
    lines = [f"{verb} {number}" for number in numbers for verb in ("show", "ask", "save")]
    lines += [f"show {number} {part}" for number in numbers for part in ("full", "evidence", "abstract")]
    lines += [f"ask {number} is <!channel> *it* hard?" for number in numbers]
    lines += [f"{verb} {first}" for verb in ("similar", "why", "more", "less")]
    lines += [
        f"{verb} {words}" for words in HOSTILE for verb in ("topic", "search", "backtest", "frobnicate")
    ]
    lines += [f"follow {words} anyway:yes" for words in HOSTILE[:3]]
    lines += [f"compare {first} {second}", "brief splatting", "saved", "export bibtex", "topics", "settings"]
    lines += ["status", "schedule <!channel>", "digest preview", "help <!here>", "source add <@U0ANA>"]

    async def story(slack: FakeSlack) -> None:
        for line in lines:
            before = len(slack.world.messages) + len(slack.world.views)
            await slack.types(f"/paper {line}", user="U0ADMIN")
            await slack.until(lambda: len(slack.world.messages) + len(slack.world.views) > before)  # noqa: B023
        await slack.opens_home("U0ADMIN")
        await slack.until(lambda: slack.world.homes)
        for number in numbers:
            await slack.shares(f"https://arxiv.org/abs/{number}")
        await slack.until(lambda: len(slack.world.unfurled) == len(numbers))
        form = next(view for view in slack.world.views.values() if "limit" in json.dumps(view["blocks"]))
        sent = await slack.submits(form, {"Time": "<!channel> *9*"}, user="U0ADMIN")
        assert "<!channel> *9*" in (sent.ack or {})["errors"]["at"]

    assert serve(lab, elsewhere, story) == 0
    slack = elsewhere.slack
    assert (slack.world.pinged, slack.world.misread) == ([], [])
    fates = {call.outcome for call in slack.world.calls}
    assert fates == {"ok"}, [call for call in slack.world.calls if call.outcome != "ok"][:3]
    shown = [*slack.world.messages, *slack.world.views.values(), *slack.world.homes.values()]
    links = set(re.findall(r'"url": "([^"]*)"', json.dumps([getattr(s, "blocks", s) for s in shown])))
    assert all(link.startswith(("https://arxiv.org/", "https://doi.org/")) for link in links), links
    for title in HOSTILE:
        assert visible(title) in all_words(slack)
