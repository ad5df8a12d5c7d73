"""Questions answered with the paper's own sentences, or not at all.

A question asks for words ("which optimizer?") or for a kind of thing ("how many parameters?", "what are the
limitations?") or both. Its words are looked for with their rarity; its kind by the manner of sentences and
sections in which such things are told. A kind of which the paper has no sentence is not answered, whatever
other words the question shares with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain import Answer, Evidence, Outcome, Passage, Question
from bot.evidence import QUOTE, clip, same
from bot.fulltext.sections import Role, role
from bot.llm.excerpt import choose, worth
from bot.llm.extract_evidence import rank
from bot.llm.extract_kinds import Asked, understood
from bot.llm.extract_sentences import stands_alone
from bot.text import sentences, stems
from bot.tongues import foreign

SHOWN = 3
"""Sentences of an answer, at most."""
PAPERS = 6
"""Papers of which a question about several is answered, at most."""
ANSWERED, UNSURE, RELATED = 0.6, 0.4, 0.2
"""Shares of the weight of a question's words that must stand in a sentence, or in the text, for each."""
TYING = 4.0
"""The rarity of a word that ties a question to a paper by itself: "heavy" does, "world" does not."""
NEAR = 0.25
"""The share from which a sentence is near what is asked, though it may not answer (`benchmarks.answers`)."""
FEW = 3
"""Words of a short question, all of which must stand in a sentence that is called an answer."""
NEAREST = 2
"""Near places shown, at most."""
TYPICAL = 300
"""Tokens of a passage, or a little more."""
ENGLISH_ONLY = "Without a language model I understand questions in English only; please ask in English."

# --- passages -------------------------------------------------------------------------------------

_K1, _B = 1.2, 0.75


def retrieve(question: str, passages: Sequence[Passage], *, limit: int = 8) -> list[Passage]:
    """The passages that may hold the answer, best first: BM25 with headings, kinds and sections.

    Of a question in another language hardly a word stands in the paper; for a model that understands it the
    sections that matter most are taken.
    """
    asked = understood(question)
    if foreign(question):
        passages = choose(passages, limit * TYPICAL)
    useful = [passage for passage in passages if _worth_reading(passage, asked)]
    words = [stems(f"{passage.section} {passage.text}") for passage in useful]
    typical = sum(map(len, words)) / max(1, len(words)) or 1.0
    scores = [
        _bm25(asked, own, typical) + _suits(asked, passage)
        for passage, own in zip(useful, words, strict=True)
    ]
    if foreign(question):
        scores = [score - worth(passage) for score, passage in zip(scores, useful, strict=True)]
    order = sorted(range(len(useful)), key=lambda at: (-scores[at], at))
    return [useful[at] for at in order[:limit]]


def _worth_reading(passage: Passage, asked: Asked) -> bool:
    back = any(kind.name in ("code", "people") for kind in asked.kinds)
    return bool(passage.text.strip()) and (back or role(passage.section) is not Role.BACK)


def _bm25(asked: Asked, own: Sequence[str], typical: float) -> float:
    counts = Counter(own)
    norm = _K1 * (1 - _B + _B * len(own) / typical)
    return sum(w * counts[stem] * (_K1 + 1) / (counts[stem] + norm) for stem, w in asked.weights.items())


def _suits(asked: Asked, passage: Passage) -> float:
    """How well a passage suits the kinds that are asked for, on the scale of BM25."""
    score = -2.0 * (passage.kind == "table") + 1.0 * (passage.kind == "abstract")
    if asked.pointed and (there := asked.pointed.search(passage.text)):
        score += 12.0 if there.start() == 0 else 8.0
    for kind in asked.kinds:
        hits = len(set(kind.says.findall(passage.text)))
        at_home = role(passage.section) in kind.home if passage.section else False
        own = bool(kind.asks.search(passage.section))
        score += 2.5 * min(2, hits) + 1.5 * at_home + 4.0 * own
    return score


# --- sentences ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scored:
    sentence: str
    passage: Passage
    share: float
    told: bool
    """Whether it tells a thing of the kind asked for; True where no kind was."""
    near: float
    """How much of the whole question it shares, whether or not it tells what is asked."""
    score: float


def answer(question: Question) -> Answer:
    """The two or three sentences that answer, else the places that come near, else a refusal."""
    if known := _from_metadata(question):
        return Answer(Outcome.ANSWERED, known, model="embedded")
    asked = understood(_standing_alone(question))
    if _in_another_language(question):
        return _half_understood(asked, question)
    if not asked.weights and not asked.kinds and not asked.pointed:
        return Answer(Outcome.UNSURE, "", nearest=_quotes(_scored(asked, question), 2), model="embedded")
    scored = _scored(asked, question)
    if not scored:
        return Answer(Outcome.NOT_IN_PAPER, "", model="embedded")
    if _off_topic(asked, question):
        return Answer(Outcome.OFF_TOPIC, "", model="embedded")
    outcome, good = _outcome(asked, scored)
    if outcome is Outcome.NOT_IN_PAPER:
        near = [one for one in scored if one.near >= NEAR]
        near.sort(key=lambda one: -(one.score + 3.0 * one.near))
        outcome = Outcome.NEAR if near else outcome
        return Answer(outcome, "", nearest=_quotes(near, NEAREST), model="embedded")
    shown = _one_a_paper(good) if len(question.papers) > 1 else good
    most = max(SHOWN, min(PAPERS, len({one.passage.paper_id for one in shown})))
    return Answer(outcome, "", evidence=_quotes(shown, most), model="embedded")


def _in_another_language(question: Question) -> bool:
    """Whether the question is in another language than its papers, so that words do not match."""
    return foreign(question.text) and not foreign(" ".join(p.text for p in question.passages[:3]))


def _half_understood(asked: Asked, question: Question) -> Answer:
    """Of a question in another language the places that share its words, and why there is no more."""
    near = sorted(_scored(asked, question), key=lambda one: -one.near)
    near = [one for one in near if one.near > 0]
    return Answer(Outcome.UNSURE, ENGLISH_ONLY, nearest=_quotes(near, NEAREST), model="embedded")


def _one_a_paper(scored: Sequence[_Scored]) -> list[_Scored]:
    """The best sentence of each paper first, so that a question about several shows all that answer it."""
    first: dict[str, _Scored] = {}
    for one in scored:
        first.setdefault(one.passage.paper_id, one)
    best = {id(one) for one in first.values()}
    return [*first.values(), *(one for one in scored if id(one) not in best)]


_WHO = re.compile(
    r"^(?:so )?who (?:wrote|are the authors|is the (?:first )?author|authored)\b|^(?:the )?authors?\??$",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"^when (?:was|were) (?:it|this|the paper|this paper) (?:published|posted|submitted|released|out)\b",
    re.IGNORECASE,
)
NAMED = 10
"""Authors named in an answer, at most."""


def _from_metadata(question: Question) -> str:
    """Who wrote a paper and when it appeared stand in its record, not in its text."""
    if len(question.papers) != 1:
        return ""
    paper = question.papers[0]
    if _WHO.search(question.text) and paper.authors:
        more = len(paper.authors) - NAMED
        named = ", ".join(paper.authors[:NAMED])
        return f"{named}{f' and {more:,} more' if more > 0 else ''}."
    if _WHEN.search(question.text) and paper.published:
        return f"It first appeared on {paper.published.day} {paper.published:%B %Y}."
    return ""


def _standing_alone(question: Question) -> str:
    """The question, with the words of the one before where it has too few of its own."""
    earlier = [turn.text for turn in question.turns if turn.speaker == "person"]
    asked = understood(question.text)
    bare = len(question.text.split()) <= 2 and not asked.weights
    if earlier and (bare or not asked.kinds) and len(asked.weights) < 2:
        return f"{question.text} {earlier[-1]}"
    return question.text


_OF_THE_PAPER = re.compile(
    r"\b(?:it|its|they|their|them|this|these|that|paper|authors?|method|model|approach|system|study|work|"
    r"results?)\b",
    re.IGNORECASE,
)


def is_off_topic(question: Question) -> bool:
    """Whether a question has nothing to do with its papers, so that no model need be asked."""
    asked = understood(_standing_alone(question))
    return bool(asked.weights or asked.kinds) and _off_topic(asked, question)


def _off_topic(asked: Asked, question: Question) -> bool:
    """Whether nothing ties the question to the paper: neither its words, of which one rare one is enough,
    nor a word that means the paper."""
    if asked.kinds or foreign(question.text) or len(asked.weights) < 2 or _OF_THE_PAPER.search(question.text):
        return False
    told = " ".join(
        [*(p.text + " " + p.section for p in question.passages), *(p.title for p in question.papers)]
    )
    there = frozenset(stems(told))
    rarest = max((weight for stem, weight in asked.weights.items() if stem in there), default=0.0)
    return rarest < TYING and asked.share(there) < RELATED


def relatedness(question: str, text: str) -> float:
    """How much of a question's weight stands in a text's best sentence and in the text: 0 to 1."""
    asked = understood(question)
    best = max((asked.share(frozenset(stems(sentence))) for sentence in sentences(text)), default=0.0)
    return 0.5 * best + 0.5 * asked.share(frozenset(stems(text)))


def _scored(asked: Asked, question: Question) -> list[_Scored]:
    """Every sentence of the passages with its score, best first."""
    found = [(s, passage) for passage in question.passages for s in _sentences(passage)]
    unnamed = _of_its_paper(asked, question)
    lexical = rank(asked.text, [sentence for sentence, _ in found])
    order = {id(passage): at for at, passage in enumerate(question.passages)}
    scored = []
    for (sentence, passage), words in zip(found, lexical.tolist(), strict=True):
        there = frozenset(stems(f"{sentence} {passage.section}"))
        share, near = max(asked.share(there), unnamed.share(there)), asked.nearness(there)
        told = asked.told(sentence, passage.section)
        score = (
            1.5 * (told and bool(asked.counted))
            + 3.0 * bool(asked.pointed and asked.pointed.match(sentence))
            + words
            + 3.0 * share
            + _manner(asked, sentence, passage)
            - 0.15 * order[id(passage)]
        )
        scored.append(_Scored(sentence, passage, share, told, near, score))
    return sorted(scored, key=lambda one: -one.score)


def _of_its_paper(asked: Asked, question: Question) -> Asked:
    """The question without the words that name its paper, unless it has no others."""
    titled = {stem for paper in question.papers for stem in stems(paper.title)}
    rest = {stem: weight for stem, weight in asked.weights.items() if stem not in titled}
    return replace(asked, weights=rest) if len(question.papers) == 1 and (rest or asked.kinds) else asked


def _sentences(passage: Passage) -> list[str]:
    if passage.kind == "table":
        return []
    return [s for s in sentences(passage.text) if len(s.split()) > 4 and _reads(s)]


def _reads(sentence: str) -> bool:
    """Whether it is a sentence and no list of keywords or rest of one."""
    return len(sentence) > 25 and not sentence[0].islower() and sentence.count(";") < 4


def _manner(asked: Asked, sentence: str, passage: Passage) -> float:
    score = 0.8 * stands_alone(sentence) - 0.5 * (passage.kind == "caption")
    for kind in asked.kinds:
        hits = len(set(kind.says.findall(sentence)))
        at_home = bool(passage.section) and role(passage.section) in kind.home
        score += 1.6 * min(2, hits) + 0.7 * at_home + 0.8 * bool(kind.asks.search(passage.section))
    return score


def _outcome(asked: Asked, scored: Sequence[_Scored]) -> tuple[Outcome, list[_Scored]]:
    telling = [one for one in scored if one.told]
    short = not asked.kinds and len(asked.weights) <= FEW
    sure = [one for one in telling if one.share >= (0.99 if short else ANSWERED)]
    if sure:
        best: dict[str, float] = {}
        for one in sure:
            best.setdefault(one.passage.paper_id, one.score)
        return Outcome.ANSWERED, [one for one in sure if one.score > best[one.passage.paper_id] - 2.0]
    perhaps = [one for one in telling if one.share >= (RELATED if asked.kinds else UNSURE)]
    return (Outcome.UNSURE, perhaps[:2]) if perhaps else (Outcome.NOT_IN_PAPER, [])


def _quotes(scored: Sequence[_Scored], most: int) -> tuple[Evidence, ...]:
    """The best sentences, none twice, in reading order."""
    kept: list[_Scored] = []
    for one in scored:
        if len(kept) < most and not any(same(one.sentence, other.sentence) for other in kept):
            kept.append(one)
    kept.sort(key=lambda one: (one.passage.paper_id, one.passage.number))
    return tuple(
        Evidence(one.passage.paper_id, clip(one.sentence, QUOTE), one.passage.section, one.passage.page)
        for one in kept
    )
