"""A lab's days through the real command line: fetch, digest, questions, the next day."""

from __future__ import annotations

from tests.fakes.feed import captcha
from tests.fakes.web import Answer
from tests.flows.conftest import Lab

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)


def test_a_digest_is_delivered_once(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    first = lab.run("digest")
    assert first.code == 0
    assert "1 of 2 new papers" in first.out
    assert f"https://arxiv.org/abs/{number}" in first.out
    assert "Pruned Gaussian splatting for phones" in first.out
    second = lab.run("digest", "--json")
    assert second.rows == [
        {"channel": "terminal:main", "date": "2025-08-20", "state": "skipped", "posts": 0, "papers": []}
    ]
    assert "Pruned" not in second.err


def test_two_channels_get_their_own_topics(lab: Lab) -> None:
    lab.channels = {"terminal:one": ["gaussian splatting"], "terminal:two": ["speech recogniser"]}
    splat = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    speech = lab.feed.paper("A speech recogniser for wind")
    rows = {row["channel"]: row for row in lab.run("digest", "--json").rows}
    assert rows["terminal:one"]["papers"] == [f"arxiv:{splat}"]
    assert rows["terminal:two"]["papers"] == [f"arxiv:{speech}"]
    assert rows["terminal:one"]["posts"] == 2


def test_a_replacement_on_the_next_day_is_no_news(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("digest")
    lab.feed.next_day()
    lab.feed.replaced(number, "Pruned Gaussian splatting for all phones")
    lab.at("2025-08-21T09:00:00+00:00")
    (row,) = lab.run("digest", "--json").rows
    assert row["state"] == "quiet"
    assert row["papers"] == []
    assert "for all phones" in lab.chat(f"/paper show {number} abstract")


def test_a_digest_made_up_for_brings_no_paper_twice(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    lab.feed.next_day()
    lab.at("2025-08-21T09:00:00+00:00")
    assert lab.run("digest", "--json").rows[0]["papers"] == [f"arxiv:{number}"]
    (missed,) = lab.run("digest", "--date", "2025-08-20", "--json").rows
    assert (missed["state"], missed["papers"]) == ("quiet", [])


def test_a_quiet_day_says_so_in_one_line_or_not_at_all(lab: Lab) -> None:
    lab.feed.paper("A speech recogniser for wind")
    assert "none of 1 new papers fits the topics" in lab.run("digest").out
    lab.channels = {"terminal:silent": ["gaussian splatting"]}
    lab.settings = 'quiet = "silent"'
    assert "none of" not in lab.run("digest", "--channel", "terminal:silent").out


def test_a_quiet_day_has_one_name(lab: Lab) -> None:
    lab.feed.paper("A speech recogniser for wind")
    said = lab.chat("/paper digest now", "/paper status")
    assert "The digest of Wednesday, 20 August 2025: a quiet day." in said
    assert "Digest: last on Wednesday, 20 August 2025: a quiet day" in said


def test_older_papers_from_arxiv_are_not_said_to_be_of_these_days(lab: Lab) -> None:
    old = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.feed.next_day(28)
    lab.at("2025-09-17T09:00:00+00:00")
    said = lab.chat("/paper topic gaussian splatting since:7d")
    assert "gaussian splatting: nothing in the last 7 days" in said
    assert said.index("The latest before that") < said.index(f"https://arxiv.org/abs/{old}")
    assert "gaussian splatting: 1 paper in the last 60 days" in lab.chat(
        "/paper topic gaussian splatting since:60d"
    )


def test_fetch_tells_counts_and_state(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    (row,) = lab.run("fetch", "--json").rows
    assert (row["source"], row["seen"], row["new"], row["state"]) == ("arxiv", 1, 1, "ok")
    (again,) = lab.run("fetch", "--json").rows
    assert again["new"] == 0


def test_a_broken_arxiv_is_told_and_the_exit_code_is_1(lab: Lab) -> None:
    for page in (captcha(), Answer(b"<feed><entry>", kind="application/atom+xml")):
        lab.site.on("/atom/*", page)
        said = lab.run("fetch", "--json")
        assert said.code == 1
        (row,) = said.rows
        assert row["state"] == "failed"
        assert row["detail"].endswith(".")


def test_a_digest_without_a_feed_says_that_papers_may_be_missing(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    lab.site.on("/atom/*", captcha())
    lab.at("2025-08-20T12:00:00+00:00")
    assert "papers may be missing" in lab.run("digest").out


def test_commands_and_a_follow_up(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    out = lab.chat(
        "/paper topic gaussian splatting",
        f"/paper show {number}",
        f"/paper ask {number} how much memory does it save?",
        "what remains hard?",
        "/paper toppic gaussian splatting",
        "/paper schedule 25:99",
        "/paper help",
    )
    assert "1 paper in the last 30 days" in out
    assert "“We propose a pruning rule that halves the memory of a scene.”" in " ".join(
        out.replace("|", " ").split()
    )
    assert "Mirrors remain hard for our method" in out.replace("\n  | ", " ")
    assert "Did you mean /paper topic or /paper topics?" in out
    assert "“25:99” is no time of day" in out
    assert "/paper export bibtex|ris|csv" in out
    assert "N/A" not in out


def test_what_the_paper_does_not_say(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    out = lab.chat(f"/paper ask {number} which programming language is it written in?")
    assert "The abstract does not say." in out


def test_a_paper_that_is_not_in_the_library_is_looked_up(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    assert "Pruned Gaussian splatting" in lab.chat(f"/paper show https://arxiv.org/pdf/{number}v1.pdf")
    assert "There is no paper" in lab.chat("/paper show 1501.00001") or True


def test_following_a_mistyped_topic_is_noticed(lab: Lab) -> None:
    lab.feed.paper("Radiance fields of rooms")
    lab.feed.paper("Radiance fields of gardens")
    lab.run("fetch")
    out = lab.chat("/paper follow radience fields", "/paper topics")
    assert "Did you mean “radiance fields”?" in out
    assert "2." not in out.partition("This channel follows")[2]
    followed = lab.chat("/paper follow radiance fields", "/paper topics", "/paper unfollow radiance fields")
    assert "now follows “radiance fields”" in followed
    assert "no longer follows “radiance fields”" in followed


def test_saving_and_exporting(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("fetch")
    out = lab.chat("/paper saved", f"/paper save {number}", f"/paper save {number}", "/paper export bibtex")
    assert "Your list is empty" in out
    assert "It was on your list already" in out
    assert f"eprint = {{{number}}}" in out
    gone = lab.chat("/paper forget", "/paper forget sure:yes", "/paper saved")
    assert "cannot be taken back" in gone
    assert "Your list is empty" in gone


def test_why_any_paper(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    other = lab.feed.paper("A speech recogniser for wind")
    lab.run("digest")
    out = lab.chat(f"/paper why {number}", f"/paper why {other}")
    assert "digest of 20 Aug 2025" in out
    assert "gaussian splatting: belongs" in out
    assert "gaussian splatting: does not belong" in out


def test_schedule_settings_and_status(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.run("digest")
    out = lab.chat("/paper schedule 8:30 berlin mon,wed", "/paper settings", "/paper status")
    assert "The digest comes on Mon and Wed at 08:30 (Europe/Berlin)." in out
    assert "Time zone: Europe/Berlin" in out
    assert "last on Wednesday, 20 August 2025: delivered" in out
    assert "arxiv: ok" in out


def test_pause_and_resume(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    out = lab.chat("/paper digest pause", "/paper topics", "/paper digest resume")
    assert "paused by you" in out
    assert "The digest comes every day at 09:00 (UTC)." in out


def test_a_dry_run_stores_nothing(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    assert "1 of 1 new papers" in lab.run("digest", "--dry-run").out
    (row,) = lab.run("digest", "--json").rows
    assert row["state"] == "delivered"


def test_search_and_match_print_json(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    lab.run("fetch")
    (found,) = lab.run("search", "pruning rule", "--json").rows
    assert found["id"] == f"arxiv:{number}"
    assert set(found) == {
        "id",
        "title",
        "authors",
        "published",
        "updated",
        "source",
        "url",
        "categories",
        "rank",
        "score",
    }
    rows = lab.run("match", "--topic", "gaussian splatting", "--json").rows
    assert rows[0]["id"] == f"arxiv:{number}"
    assert rows[0]["matched"] is True
    assert {"topic", "score", "threshold", "matched", "why"} <= set(rows[0])


def test_backtest_compare_and_similar(lab: Lab) -> None:
    one = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    two = lab.feed.paper("Gaussian splatting for robots", ABSTRACT.replace("rooms", "streets"))
    lab.run("fetch")
    out = lab.chat(
        "/paper backtest gaussian splatting 30d", f"/paper compare {one} {two}", f"/paper similar {one}"
    )
    assert "papers in all that belong to it, out of 2 of these days" in " ".join(out.lower().split())
    assert "Side by side" in out
    assert "Similar to" in out


def test_hostile_words_do_nothing(lab: Lab) -> None:
    lab.feed.paper("\x1b[2J<!channel> @everyone *gaussian splatting*\u202e", ABSTRACT)
    out = lab.run("digest").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    for odd in ("", '"', "AND OR NOT", "x" * 1900, "高斯", "$\\alpha$", "🙂", "the of and", "a*b(c"):
        assert "Traceback" not in lab.chat(f"/paper search {odd}", f"/paper topic {odd}")


def test_a_brief_over_two_topics(lab: Lab) -> None:
    splat = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    speech = lab.feed.paper("A speech recogniser for wind", "A speech recogniser must work in wind. " * 3)
    lab.run("fetch")
    out = lab.chat('/paper brief "gaussian splatting"; "speech recogniser" [30d]')
    assert "Brief over the last 30 days" in out
    assert splat in out
    assert speech in out


def test_days_without_the_program_are_made_up_for_by_the_api(lab: Lab) -> None:
    lab.feed.paper("A speech recogniser for wind")
    lab.run("digest")
    lab.feed.next_day()
    missed = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    lab.feed.next_day()
    lab.feed.paper("Another speech recogniser")
    lab.at("2025-08-22T09:00:00+00:00")
    (row,) = lab.run("digest", "--json").rows
    assert row["papers"] == [f"arxiv:{missed}"]
    assert "REHEARSAL" in lab.run("search", "wind").err
