"""Notes through the real command line and Slack: what became of a paper, a source that breaks and heals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.fakes.feed import captcha
from tests.fakes.slack import CHANNEL, USER
from tests.flows.conftest import Lab
from tests.flows.test_slack_day import ABSTRACT, Elsewhere

HOME = f"D{USER[1:]}"


@pytest.fixture
def elsewhere(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    place = Elsewhere()
    monkeypatch.setenv("SLACK_BOT_TOKEN", place.slack.tokens.bot)
    monkeypatch.setenv("SLACK_APP_TOKEN", place.slack.tokens.app)
    lab.extra = (
        f'[bot]\nadmins = ["slack:{USER}"]\n[slack]\napi_url = "{place.slack.api_url}"\n'
        '[server]\nenabled = false\n[embed]\nprovider = "static"\n'
    )
    lab.settings = 'at = "23:30"'
    lab.channels = {f"slack:{CHANNEL}": ["gaussian splatting"]}
    yield place
    place.close()


def work(lab: Lab, elsewhere: Elsewhere, until: Callable[[], object]) -> None:
    """Run the service's worker until something has happened, then end it."""

    async def told() -> None:
        try:
            await elsewhere.slack.until(until)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    telling = elsewhere.start(told())
    said = lab.run("run", "--only", "work")
    assert said.code == 0, said.err
    telling.result(10)


def test_a_changed_paper_is_told_in_its_thread_by_the_service_once(lab: Lab, elsewhere: Elsewhere) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    assert lab.run("digest").code == 0
    (parent,) = elsewhere.slack.posts()
    lab.feed.next_day()
    lab.feed.paper(
        "Pruned Gaussian splatting for phones",
        ABSTRACT.replace("0.08 dB", "0.31 dB"),
        id=number,
        kind="replace",
    )
    lab.at("2025-08-21T09:00:00+00:00")
    assert lab.run("fetch").code == 0

    def below() -> list[str]:
        return [message.words for message in elsewhere.slack.posts(thread=parent.ts)]

    work(lab, elsewhere, lambda: len(below()) > 1)
    (note,) = below()[1:]
    assert "Version 2" in note
    assert "0.08" in note
    assert "is now 0.31" in note
    lab.feed.next_day(9)
    lab.feed.replaced(number, "Gaussian splatting for phones, pruned and packed", comment="typos")
    lab.at("2025-08-30T10:00:00+00:00")
    assert lab.run("fetch").code == 0
    work(lab, elsewhere, lambda: len(below()) > 2)
    (again,) = below()[2:]
    assert "The title was “Pruned Gaussian splatting for phones”" in again
    assert "0.31" not in again
    assert len(elsewhere.slack.posts()) == 1


def test_admins_are_written_to_when_a_source_breaks_and_when_it_heals(lab: Lab, elsewhere: Elsewhere) -> None:
    def told() -> list[str]:
        return [message.words for message in elsewhere.slack.posts(HOME)]

    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    lab.site.on("/atom/*", captcha())
    for hour in ("10", "11"):
        lab.at(f"2025-08-20T{hour}:00:00+00:00").run("fetch")
    lab.at("2025-08-20T11:01:00+00:00")
    work(lab, elsewhere, told)
    assert len(told()) == 1
    assert "The source arxiv cannot be read since" in told()[0]
    lab.feed.serve(lab.site)
    lab.at("2025-08-20T12:00:00+00:00").run("fetch")
    work(lab, elsewhere, lambda: len(told()) > 1)
    assert "The source arxiv works again" in told()[1]
