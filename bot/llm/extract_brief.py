"""A brief without a language model: the sentences of abstracts that say what is new, what papers share, and
what is open. Nothing is reworded; of our own are only the few words that name a shared phrase."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain import Brief, BriefSection, ChannelId, Evidence, Paper, PaperId, Statement, Topic
from bot.evidence import QUOTE, clip, same
from bot.text import STOP_WORDS, content_stems, sentences, stems, words

_NEW = re.compile(
    r"\b(?:we|this (?:paper|work|article|study))\b[^.]{0,40}?\b(?:propose|present|introduce|develop|design|"
    r"show|find|prove|demonstrate|build|release|establish|reveal|study|investigate|report)s?\b",
    re.IGNORECASE,
)
_SAID = re.compile(r"\b(?:outperform|achiev|improv|reduc|surpass|state[- ]of[- ]the[- ]art|faster)\w*", re.I)
_OPEN = re.compile(
    r"\b(?:remain(?:s|ing)?\b[^.]{0,40}\b(?:open|unclear|unknown|unexplored|underexplored|unsolved|challeng\w+|"
    r"elusive|poorly understood|an? (?:major |key |critical )?(?:problem|obstacle|bottleneck))|"
    r"open (?:question|problem|challenge)s?|future (?:work|research|directions?)|"
    r"not yet (?:been )?(?:understood|solved|known)|little is known|poorly understood|"
    r"still (?:lack|struggle|fail)\w*|is (?:still )?(?:unclear|unknown)|"
    r"unresolved)\b",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    stems(
        "typically often rely relies fine zero shot long term paper propose proposed method approach "
        "novel new result results experiments extensive state art show demonstrate performance model "
        "models existing based large several significantly improve improved high low task tasks work "
        "present introduce introduced study framework achieve across various different code available "
        "github learning training data recent first diverse challenges challenging key address "
        "effective efficient effectively limited use using used including provide benchmark "
        "benchmarks dataset datasets compared baselines baseline real world publicly however "
        "outperforms leading evaluate evaluation analysis problem quality accuracy system systems "
        "process conduct comprehensive average strong further highlight end http https url href www "
    )
)
_NEWS, _SHARED, _OPENS = 4, 4, 4
_PER_SHARED = 3


@dataclass(frozen=True, slots=True)
class _Use:
    """A sentence in which a phrase stands."""

    paper: PaperId
    topic: int
    sentence: str
    spelled: str


class EmbeddedBriefer:
    """Quotes abstracts; needs no key and no network."""

    name = "embedded"

    async def brief(
        self,
        groups: Sequence[tuple[Topic, Sequence[Paper]]],
        *,
        language: str = "en",
        channel: ChannelId | None = None,
    ) -> Brief:
        """The brief, in the papers' own words whatever the language asked for."""
        return Brief(
            sections=tuple(_section(topic, papers) for topic, papers in groups),
            shared=tuple(_shared(groups)),
            open_questions=tuple(_open(groups)),
            model=self.name,
        )


def _section(topic: Topic, papers: Sequence[Paper]) -> BriefSection:
    news = [_statement(paper, best) for paper in papers if (best := newest(topic, paper))]
    return BriefSection(topic.name, tuple(news[:_NEWS]), tuple(paper.id for paper in papers))


def newest(topic: Topic, paper: Paper) -> str:
    """The sentence of the abstract that says best what is new, empty without an abstract."""
    found = [s for s in sentences(paper.abstract) if not s.endswith("?")] or sentences(paper.abstract)
    wanted = set(content_stems(f"{topic.name} {paper.title}"))
    scored = [
        (
            2.0 * bool(_NEW.search(s)) + 0.5 * bool(_SAID.search(s)) + _overlap(wanted, s) - _oddness(s),
            -place,
            s,
        )
        for place, s in enumerate(found)
    ]
    return max(scored)[2] if scored else ""


def _overlap(wanted: set[str], sentence: str) -> float:
    return 2.0 * len(wanted & set(content_stems(sentence))) / max(1, len(wanted))


def _oddness(sentence: str) -> float:
    """Very short and very long sentences say less."""
    return 1.0 if len(sentence) < 50 else max(0.0, (len(sentence) - QUOTE) / 100)


def _statement(paper: Paper, sentence: str) -> Statement:
    quote = clip(sentence, QUOTE)
    return Statement(quote, (Evidence(paper.id, quote, "Abstract"),))


def _open(groups: Sequence[tuple[Topic, Sequence[Paper]]]) -> Iterator[Statement]:
    seen: set[PaperId] = set()
    for _, papers in groups:
        for paper in papers:
            sentence = next((s for s in sentences(paper.abstract) if _OPEN.search(s)), "")
            if sentence and paper.id not in seen and len(seen) < _OPENS:
                seen.add(paper.id)
                yield _statement(paper, sentence)


# --- what papers share ----------------------------------------------------------------------------


def _shared(groups: Sequence[tuple[Topic, Sequence[Paper]]]) -> list[Statement]:
    """Phrases of two or three words that stand in abstracts of two papers at least, of different topics
    where there are several; the one in most papers first."""
    known = {stem for topic, _ in groups for stem in content_stems(topic.name)}
    uses = _uses(groups)
    topics = sum(bool(papers) for _, papers in groups)
    ranked = sorted(uses.items(), key=lambda item: (-len(item[1]), -len(item[0]), item[0]))
    found: list[Statement] = []
    for phrase, by_paper in ranked:
        across = len({use.topic for use in by_paper.values()})
        if len(by_paper) < 2 or across < min(2, topics) or known.issuperset(phrase):
            continue
        statement = _sharing(list(by_paper.values()))
        if len(found) < _SHARED and not any(same(statement.text, other.text) for other in found):
            found.append(statement)
    return found


def _uses(groups: Sequence[tuple[Topic, Sequence[Paper]]]) -> Mapping[tuple[str, ...], dict[PaperId, _Use]]:
    uses: dict[tuple[str, ...], dict[PaperId, _Use]] = defaultdict(dict)
    for number, (_, papers) in enumerate(groups):
        for paper in papers:
            for sentence in sentences(paper.abstract):
                for phrase, spelled in _phrases(sentence):
                    uses[phrase].setdefault(paper.id, _Use(paper.id, number, sentence, spelled))
    return uses


def _phrases(sentence: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Runs of two words that carry meaning, and not only the meaning of papers in general."""
    tokens = [(word, stem) for word in words(sentence) for stem in stems(word)]
    for (left, one), (right, other) in pairwise(tokens):
        if STOP_WORDS.isdisjoint((left, right)) and len(left) > 2 and len(right) > 2:
            if one in _EMPTY or other in _EMPTY or left.isdigit() or right.isdigit() or left.endswith("ly"):
                continue
            yield (one, other), _spelled(sentence, left, right)


def _spelled(sentence: str, left: str, right: str) -> str:
    """The two words as the sentence writes them, with their hyphen."""
    found = re.search(rf"\b{re.escape(left)}\W{{1,2}}{re.escape(right)}\b", sentence, re.IGNORECASE)
    return found.group() if found else f"{left} {right}"


def _sharing(uses: Sequence[_Use]) -> Statement:
    shown = sorted(uses, key=lambda use: use.topic)
    picked = [shown[0], *(use for use in shown[1:] if use.topic != shown[0].topic)]
    picked += [use for use in shown if use not in picked]
    evidence = tuple(
        Evidence(use.paper, clip(use.sentence, QUOTE), "Abstract") for use in picked[:_PER_SHARED]
    )
    return Statement(f"“{picked[0].spelled}” stands in {len(uses)} of these papers.", evidence)
