"""The main job on what arXiv really said: recorded bodies, and days cut from the real corpus."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.web import Answer
from tests.flows.conftest import Lab

pytestmark = pytest.mark.data
XML = "application/atom+xml"


def test_the_recorded_feed(lab: Lab, data: Path) -> None:
    body = next((data / "responses" / "arxiv_rss").glob("*_v3_HEAD.xml")).read_bytes()
    lab.categories = ("cs.AI",)
    lab.channels = {
        "terminal:words": ["large language models"],
        "terminal:none": ["exoplanet atmospheres"],
    }
    lab.site.on("/atom/*", Answer(body, kind=XML))
    (row,) = lab.run("fetch", "--json").rows
    assert (row["seen"], row["rejected"], row["state"]) == (7, 0, "ok")
    said = {row["channel"]: row for row in lab.run("digest", "--json").rows}
    assert said["terminal:words"]["state"] == "delivered"
    assert said["terminal:none"]["state"] == "quiet"
    again = lab.run("digest", "--json").rows
    assert [row["posts"] for row in again] == [0, 0]


def test_a_feed_that_was_cut_off_keeps_what_was_whole(lab: Lab, data: Path) -> None:
    body = next((data / "responses" / "arxiv_rss").glob("*_v1_*.xml")).read_bytes()
    lab.categories = ("cs.AI",)
    lab.site.on("/atom/*", Answer(body, kind=XML))
    said = lab.run("fetch", "--json")
    assert said.code == 1
    (row,) = said.rows
    assert row["state"] == "failed"
    assert row["new"] > 0


def test_a_paper_of_the_recorded_api_is_shown(lab: Lab, data: Path) -> None:
    body = next((data / "responses" / "arxiv_api").glob("200_id_1707.08567_*.xml")).read_bytes()
    lab.site.on("/api/query", Answer(body, kind=XML))
    out = lab.chat("/paper show 1707.08567 abstract")
    assert "https://arxiv.org/abs/1707.08567" in out
    assert "no authors named" not in out


@pytest.mark.parametrize("day", ["2026-04-15", "2026-05-20"])
def test_a_real_day_end_to_end(lab: Lab, data: Path, day: str) -> None:
    lab.feed.day = date.fromisoformat(day)
    lab.categories = ("cs.CV", "cs.CL", "cs.LG", "cs.AI")
    lab.channels = {"terminal:a": ["gaussian splatting | 3DGS"], "terminal:b": ["federated learning"]}
    lab.at(f"{day}T09:00:00+00:00")
    for line in (data / "bench" / "days" / f"papers-{day}.jsonl").read_text().splitlines():
        row = json.loads(line)
        names = {"id": row["id"], "authors": row["authors"], "categories": row["categories"]}
        lab.feed.paper(row["title"], row["abstract"], **names)
    first, second = lab.run("digest", "--json").rows
    assert first["state"] == "delivered"
    assert not set(first["papers"]) & set(second["papers"])
    number = first["papers"][0].removeprefix("arxiv:")
    out = lab.chat("/paper topic gaussian splatting", f"/paper show {number}", "what are the results?")
    assert number in out
    assert "N/A" not in out
    assert "Traceback" not in out
    assert all(row["posts"] == 0 for row in lab.run("digest", "--json").rows)
    lab.feed.next_day()
    lab.feed.replaced(number)
    lab.at(f"{lab.feed.day}T09:00:00+00:00")
    (row,) = lab.run("digest", "--channel", "terminal:a", "--json").rows
    assert (row["state"], row["papers"]) == ("quiet", [])
