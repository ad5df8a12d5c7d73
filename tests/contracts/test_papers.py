"""The library, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import Counts, Filters, Paper, PaperId, Sighting, SightingKind
from storage.engine import Database
from storage.papers import Papers

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)
SPLATTING = Paper(
    PaperId("arxiv:2604.00001"),
    "Deformable Gaussian Splatting for Surgical Scenes",
    "We track tissue with splats.",
    ("Ada Müller", "B. Chen"),
    ("cs.CV",),
    date(2026, 4, 13),
    date(2026, 4, 13),
    date(2026, 4, 15),
    "arxiv",
    "https://arxiv.org/abs/2604.00001",
)
RANKING = Paper(
    PaperId("arxiv:2604.00002"),
    "Learning to Rank Vision-Language Models",
    "A study of ranking. Gaussian noise does not help.",
    ("Chen Li",),
    ("cs.IR", "cs.LG"),
    date(2026, 4, 12),
    announced=date(2026, 4, 14),
    source="arxiv",
)


@pytest.fixture
def papers(database: Database) -> Papers:
    return Papers(database)


async def _add(papers: Papers, *some: Paper, kind: SightingKind = "new", now: datetime = NOW) -> Counts:
    return await papers.add([Sighting(paper, kind) for paper in some], now=now)


def _ids(found: list[Paper]) -> list[str]:
    return [paper.id for paper in found]


async def test_a_paper_comes_back_as_it_was(papers: Papers) -> None:
    everything = replace(
        SPLATTING,
        version=2,
        comment="12 pages",
        journal="Nature",
        doi="10.1038/x",
        withdrawn=True,
        retracted=True,
        code="https://github.com/x/y",
        featured=date(2026, 4, 16),
        upvotes=0,
        comments=3,
    )
    assert await _add(papers, everything, RANKING) == Counts(seen=2, new=2)
    assert await papers.get(everything.id) == everything
    assert await papers.get(RANKING.id) == RANKING
    assert await papers.count() == 2


async def test_many_keeps_the_order_asked_and_leaves_out_what_is_not_there(papers: Papers) -> None:
    await _add(papers, SPLATTING, RANKING)
    asked = [RANKING.id, PaperId("arxiv:1"), SPLATTING.id, RANKING.id]
    assert _ids(await papers.many(asked)) == [RANKING.id, SPLATTING.id]
    assert await papers.many([]) == []
    assert await papers.get(PaperId("arxiv:1")) is None


async def test_a_cross_list_adds_its_category_and_is_no_second_news(papers: Papers) -> None:
    await _add(papers, SPLATTING)
    later = NOW + timedelta(days=1)
    counts = await _add(papers, replace(SPLATTING, categories=("cs.CV", "cs.GR")), kind="cross", now=later)
    assert counts == Counts(seen=1, known=1)
    kept = await papers.get(SPLATTING.id)
    assert kept is not None
    assert kept.categories == ("cs.CV", "cs.GR")
    assert await papers.news(NOW, later) == []


async def test_the_same_paper_twice_in_a_batch_is_one(papers: Papers) -> None:
    counts = await _add(papers, SPLATTING, replace(SPLATTING, categories=("cs.GR",)))
    assert counts == Counts(seen=2, new=1, known=1)
    assert await papers.count() == 1


async def test_a_replacement_updates_remembers_and_is_never_news(papers: Papers) -> None:
    await _add(papers, SPLATTING)
    later = NOW + timedelta(days=3)
    second = replace(SPLATTING, title="Splatting, Revised", version=2, updated=date(2026, 4, 18))
    assert await _add(papers, second, kind="replace", now=later) == Counts(seen=1, replaced=1)
    kept = await papers.get(SPLATTING.id)
    assert kept is not None
    assert (kept.title, kept.version, kept.announced) == (second.title, 2, SPLATTING.announced)
    assert await papers.news(NOW, later) == []
    assert [(edition.version, edition.title) for edition in await papers.versions(SPLATTING.id)] == [
        (1, SPLATTING.title),
        (2, "Splatting, Revised"),
    ]
    assert [found.paper.id for found in await papers.search("revised", limit=5)] == [SPLATTING.id]
    assert await papers.search("surgical", limit=5) == []


async def test_an_older_version_that_comes_later_changes_nothing(papers: Papers) -> None:
    second = replace(SPLATTING, title="Splatting, Revised", version=2)
    await _add(papers, second)
    await _add(papers, SPLATTING, kind="known")
    assert await papers.get(SPLATTING.id) == replace(second, updated=SPLATTING.updated)
    assert len(await papers.versions(SPLATTING.id)) == 1


async def test_a_replacement_of_an_unknown_paper_is_kept_but_is_no_news(papers: Papers) -> None:
    assert await _add(papers, replace(SPLATTING, version=3), kind="replace") == Counts(seen=1, replaced=1)
    assert await papers.count() == 1
    assert await papers.news(NOW - timedelta(days=9), NOW + timedelta(days=9)) == []


async def test_news_comes_by_the_time_it_came_or_by_its_day_when_imported(papers: Papers) -> None:
    await _add(papers, SPLATTING)
    await _add(papers, RANKING, kind="known", now=NOW + timedelta(days=30))
    before = NOW - timedelta(seconds=1)
    assert _ids(await papers.news(before, NOW)) == [SPLATTING.id]
    assert await papers.news(NOW, NOW + timedelta(days=1)) == []
    day = datetime(2026, 4, 14, tzinfo=UTC)
    assert _ids(await papers.news(day - timedelta(hours=1), day)) == [RANKING.id]
    assert await papers.news(day, day + timedelta(hours=23)) == []


async def test_withdrawal_is_remembered(papers: Papers) -> None:
    await _add(papers, SPLATTING)
    gone = replace(SPLATTING, version=2, withdrawn=True, abstract="This paper has been withdrawn.")
    await _add(papers, gone, kind="replace")
    kept = await papers.get(SPLATTING.id)
    assert kept is not None
    assert kept.withdrawn


async def test_dated_gives_days_newest_first(papers: Papers) -> None:
    old = replace(RANKING, id=PaperId("arxiv:2001.00001"), title="An Old One", announced=None)
    await _add(papers, RANKING, SPLATTING, replace(old, published=date(2020, 1, 1)))
    assert _ids(await papers.dated(date(2026, 4, 14))) == [SPLATTING.id, RANKING.id]
    assert _ids(await papers.dated(date(2020, 1, 1), date(2020, 1, 1))) == [old.id]


@pytest.mark.parametrize(
    "query",
    [
        "splats",
        "SURGICAL scene",
        "gaussian surgical",
        "Müller",
        "muller",
        "2604.00001",
        '"',
        "tissue's splat*",
    ],
)
async def test_search_finds_by_words_author_and_id(papers: Papers, query: str) -> None:
    await _add(papers, SPLATTING, RANKING)
    found = await papers.search(query, limit=10)
    assert [hit.paper for hit in found][:1] == ([SPLATTING] if query != '"' else [])
    assert all(hit.score > 0 for hit in found)


async def test_search_prefers_all_words_then_shows_those_with_some(papers: Papers) -> None:
    await _add(papers, RANKING, SPLATTING)
    assert [hit.paper.id for hit in await papers.search("gaussian tissue", limit=10)] == [
        SPLATTING.id,
        RANKING.id,
    ]
    (best, *_) = await papers.search("tissue", limit=10)
    assert "track tissue" in best.snippet


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "*",
        "AND OR NOT",
        "NEAR(a b)",
        "title:x",
        '"unclosed',
        "a" * 10_000,
        "word " * 2_000,
        "{title}: x",
        "-gaussian",
        "🙂",
        "高斯",
        r"\frac{1}{2} $x$",
        "the of and",
        "x\0y",
        "\ud800",
        "___",
        "a:* & !b | (c)",
        "'; DROP TABLE paper; --",
    ],
)
async def test_any_characters_can_be_searched(papers: Papers, query: str) -> None:
    await _add(papers, SPLATTING)
    assert len(await papers.search(query, limit=10)) <= 1
    assert len(await papers.matching(query, limit=10)) <= 1
    assert len(await papers.begun(query, limit=10)) <= 1


@pytest.mark.parametrize(
    "typed", ["gaus", "Gaussian splatti", "deformable gaussian", "mül", "muller", "surgical def"]
)
async def test_an_unfinished_word_finds_a_title_or_an_author(papers: Papers, typed: str) -> None:
    await _add(papers, SPLATTING, RANKING)
    assert _ids(await papers.begun(typed, limit=5)) == [SPLATTING.id]
    assert await papers.begun(f"{typed} tissue", limit=5) == []


async def test_every_beginning_of_a_word_finds_it(papers: Papers) -> None:
    words = ["visibility", "hopping", "memories", "relational", "generalization", "studies", "splatting"]
    await _add(papers, replace(SPLATTING, title=" ".join(words)), RANKING)
    for word in words:
        for size in range(2, len(word) + 1):
            assert _ids(await papers.begun(word[:size], limit=5))[:1] == [SPLATTING.id], word[:size]


async def test_an_unfinished_id_finds_the_latest_first(papers: Papers) -> None:
    old = replace(RANKING, id=PaperId("arxiv:astro-ph/9901001"), title="Stars")
    doi = replace(RANKING, id=PaperId("doi:10.1101/2026.01.02.1"), title="Cells")
    later = replace(RANKING, id=PaperId("arxiv:2604.09999"), title="Later")
    await _add(papers, SPLATTING, old, doi, later)
    assert _ids(await papers.begun("2604.", limit=5)) == [later.id, SPLATTING.id]
    assert _ids(await papers.begun("arXiv:2604.0000", limit=5)) == [SPLATTING.id]
    assert _ids(await papers.begun("astro-ph/99", limit=5)) == [old.id]
    assert _ids(await papers.begun("10.1101/2026", limit=5)) == [doi.id]
    assert await papers.begun("2605", limit=5) == []
    early = replace(RANKING, id=PaperId("arxiv:1001.00001"), title="Early")
    await _add(papers, early)
    assert _ids(await papers.begun("10", limit=5)) == [doi.id, early.id]
    assert _ids(await papers.begun("10", limit=1)) == [doi.id]


async def test_matching_takes_stemmed_words_side_by_side(papers: Papers) -> None:
    await _add(papers, SPLATTING, RANKING)
    assert _ids(await papers.matching("Gaussian splats", limit=5)) == [SPLATTING.id]
    assert _ids(await papers.matching("learning to rank", limit=5)) == [RANKING.id]
    assert _ids(await papers.matching("vision language model", limit=5)) == [RANKING.id]
    assert _ids(await papers.matching("gaussian", limit=5)) == [SPLATTING.id, RANKING.id]
    assert _ids(await papers.matching("gaussian", limit=5, before=date(2026, 4, 15))) == [RANKING.id]
    assert await papers.matching("splatting gaussian", limit=5) == []
    assert await papers.matching("Chen", limit=5) == []


async def test_a_sample_is_repeatable(papers: Papers) -> None:
    many = [replace(SPLATTING, id=PaperId(f"arxiv:2604.1{n:04}"), title=f"Paper {n}") for n in range(150)]
    await _add(papers, *many)
    first = _ids(await papers.sample(20, seed=1))
    assert len(set(first)) == 20
    assert first == _ids(await papers.sample(20, seed=1))
    assert first != _ids(await papers.sample(20, seed=2))
    assert len(await papers.sample(1000)) == 150


async def test_a_journal_version_is_the_same_paper_under_both_names(papers: Papers) -> None:
    await _add(papers, replace(SPLATTING, doi="10.1038/s41586-1"))
    journal = Paper(
        PaperId("doi:10.1038/s41586-1"),
        "Other words",
        "Teaser.",
        ("A. Müller",),
        source="Nature",
        journal="Nature",
    )
    assert await _add(papers, journal, now=NOW + timedelta(days=9)) == Counts(seen=1, known=1)
    kept = await papers.get(journal.id)
    assert kept is not None
    assert (kept.id, kept.title, kept.journal) == (SPLATTING.id, SPLATTING.title, "Nature")
    assert await papers.news(NOW, NOW + timedelta(days=10)) == []


async def test_a_journal_version_folds_by_title_and_first_author(papers: Papers) -> None:
    await _add(papers, SPLATTING)
    journal = Paper(
        PaperId("doi:10.1038/s41586-2"),
        "Deformable Gaussian splatting for surgical scenes.",
        authors=("Müller, Ada",),
        source="Nature",
    )
    await _add(papers, journal)
    assert await papers.count() == 1
    assert (await papers.many([journal.id, SPLATTING.id])) == [await papers.get(SPLATTING.id)]


async def test_the_better_id_is_kept_whatever_comes_first(papers: Papers) -> None:
    journal = Paper(PaperId("doi:10.1038/s41586-3"), SPLATTING.title, "", SPLATTING.authors, source="Nature")
    await _add(papers, journal)
    await _add(papers, SPLATTING)
    found = await papers.get(journal.id)
    assert found is not None
    assert (found.id, found.abstract) == (SPLATTING.id, SPLATTING.abstract)
    assert [hit.paper.id for hit in await papers.search("2604.00001", limit=5)] == [SPLATTING.id]


async def test_two_rows_become_one_when_a_sighting_ties_them(papers: Papers) -> None:
    journal = Paper(
        PaperId("doi:10.1038/s41586-4"), "A quite different title", "Teaser.", ("X. Y",), journal="N"
    )
    await _add(papers, SPLATTING, journal)
    assert await papers.count() == 2
    await _add(papers, replace(SPLATTING, doi="10.1038/s41586-4", version=2), kind="replace")
    assert await papers.count() == 1
    found = await papers.get(journal.id)
    assert found is not None
    assert (found.id, found.journal) == (SPLATTING.id, "N")


async def test_two_arxiv_papers_of_one_title_stay_two(papers: Papers) -> None:
    await _add(papers, SPLATTING, replace(SPLATTING, id=PaperId("arxiv:2604.09999")))
    assert await papers.count() == 2
    twins = [replace(SPLATTING, id=PaperId(f"doi:10.1038/{n}"), title="Editorial: " + "x" * 30) for n in "ab"]
    await _add(papers, *twins)
    assert await papers.count() == 4


async def test_what_cannot_be_kept_is_counted_and_odd_text_is_kept(papers: Papers) -> None:
    odd = replace(RANKING, title="NUL \0 and \ud800", authors=("A\0",) * 3303)
    counts = await _add(papers, replace(SPLATTING, title=" "), odd)
    assert counts == Counts(seen=2, new=1, rejected=1)
    kept = await papers.get(odd.id)
    assert kept is not None
    assert kept.title == "NUL \ufffd and \ufffd"
    assert kept.authors == ("A\ufffd",) * 3303


async def test_a_feature_adds_its_badge(papers: Papers) -> None:
    await _add(papers, SPLATTING, RANKING)
    badge = Paper(SPLATTING.id, SPLATTING.title, featured=date(2026, 4, 16), upvotes=12, code="https://x.y")
    await _add(papers, badge, kind="featured")
    assert _ids(await papers.featured(date(2026, 4, 1), limit=5)) == [SPLATTING.id]
    kept = await papers.get(SPLATTING.id)
    assert kept == replace(SPLATTING, featured=badge.featured, upvotes=12, code="https://x.y")


async def test_scores_narrowed_or_without_words(papers: Papers) -> None:
    await _add(papers, SPLATTING, RANKING)
    everything = await papers.scored("gaussian", limit=5)
    assert {name for name, _ in everything} == {SPLATTING.id, RANKING.id}
    assert all(score > 0 for _, score in everything)
    narrowed = Filters(category="cs.ir")
    assert [name for name, _ in await papers.scored("gaussian", limit=5, filters=narrowed)] == [RANKING.id]
    assert await papers.scored("", limit=5) == []
    latest = await papers.scored("", limit=5, filters=Filters(since=date(2026, 4, 1)))
    assert [name for name, _ in latest] == [SPLATTING.id, RANKING.id]


async def test_occurrences_are_counted_up_to_a_bound(papers: Papers) -> None:
    await _add(papers, SPLATTING, RANKING)
    assert await papers.occurrences(["gaussian", "ranked", "absent", "…"], most=5) == {
        "gaussian": 2,
        "ranked": 1,
        "absent": 0,
        "…": 0,
    }
    assert await papers.occurrences(["gaussian"], most=1) == {"gaussian": 1}
    assert [sorted(some) async for some in papers.titles()] == [sorted([SPLATTING.title, RANKING.title])]
