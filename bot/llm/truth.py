"""What of a model's summary or answer holds: the evidence lock, and what a true quote does not prevent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import Claim, Evidence, Paper, Part, Passage
from bot.evidence import Lock, fold, numbers_hold, polarity_holds, present, verify
from bot.llm.lies import Patchwork, contradicts, links_away, unrelated
from bot.llm.schema import ClaimOut, QuoteOut, SummaryOut
from bot.text import content_stems, sentences

GIST = 280
"""Characters of a gist, at most."""
LIES = 0.3
"""Share of entries that may be false before the model is asked again."""

_YES_NO = re.compile(r"^(?:yes|no)[,.:]\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Held:
    """What of a summary holds; ``lies`` are the texts that do not."""

    gist: str
    claims: tuple[Claim, ...]
    lies: tuple[str, ...]

    @property
    def honest(self) -> bool:
        """Whether enough of it holds to be shown."""
        return len(self.lies) <= LIES * (len(self.lies) + len(self.claims)) and bool(self.claims)


class Truth:
    """A paper, ready to hold a summary against."""

    def __init__(self, paper: Paper, passages: Sequence[Passage]) -> None:
        self._paper = paper
        self._lock = Lock(passages)
        self._patchwork = Patchwork(passages).without(paper.title)
        self._beyond = self._patchwork.without(paper.abstract)

    def summary(self, said: SummaryOut) -> Held:
        """The gist and the claims that hold, in the order of their parts, each said once.

        A claim from an unlikely section is left out, but is no lie.
        """
        held, lies = [], []
        for out in said.claims:
            if not present(out.text):
                continue
            claim = self._claim(out)
            if claim is None or not self._stands(out.text, out.quote, self._patchwork):
                lies.append(out.text)
            elif true := verify(claim, self._lock):
                held.append(true)
        order = list(Part)
        claims = fold(sorted(held, key=lambda claim: order.index(claim.part)))
        return self._with_gist(said, claims, lies)

    def _with_gist(self, said: SummaryOut, claims: tuple[Claim, ...], lies: list[str]) -> Held:
        gist = " ".join(said.gist.split())
        if present(gist) and len(gist) <= GIST and self._stands(gist, said.gist_quote, self._beyond):
            return Held(gist, claims, tuple(lies))
        return Held(_instead(claims), claims, (*lies, *([gist] if present(gist) else [])))

    def _claim(self, out: ClaimOut) -> Claim | None:
        try:
            return Claim(Part(out.part), out.text, Evidence(self._paper.id, out.quote))
        except ValueError:
            return None

    def _stands(self, text: str, quote: str, patchwork: Patchwork) -> bool:
        found = self._lock.find(quote)
        return (
            found is not None
            and numbers_hold(text, found.quote)
            and polarity_holds(text, found.quote)
            and not contradicts(text, found.quote)
            and not unrelated(text, found.quote)
            and not links_away(text, found.quote)
            and not patchwork.found(text, found.quote)
        )


def _instead(claims: Sequence[Claim]) -> str:
    """A gist from the claims, where the model's own does not hold."""
    for part in (Part.CORE_IDEA, Part.RESULTS, Part.TASK, *Part):
        for claim in claims:
            if claim.part == part:
                return claim.text
    return ""


def quotes_found(quotes: Sequence[QuoteOut], passages: Sequence[Passage], lock: Lock) -> tuple[Evidence, ...]:
    """The quotes as they stand in the passages, each once; page and section are the place found."""
    found = []
    for quote in quotes:
        near = passages[quote.passage - 1] if 0 < quote.passage <= len(passages) else None
        if evidence := lock.find(quote.quote, near=near):
            found.append(evidence)
    return tuple(dict.fromkeys(found))


def carried(
    answer: str, evidence: Sequence[Evidence], passages: Sequence[Passage], *, known: Sequence[str] = ()
) -> str:
    """The sentences of the answer that the quotes carry: numbers stand in them (or in ``known``, the
    papers' titles), what they say is not turned round, and no words come from elsewhere."""
    if not evidence or not present(answer):
        return ""
    quotes = " ".join(item.quote for item in evidence)
    numbered = " ".join((quotes, *known))
    patchwork = Patchwork(passages).without(*known)
    return " ".join(
        sentence
        for sentence in sentences(answer)
        if numbers_hold(sentence, numbered)
        and _agrees(sentence, evidence)
        and not unrelated(sentence, numbered)
        and not links_away(sentence, quotes)
        and not patchwork.found(sentence, quotes)
    )


def _agrees(sentence: str, evidence: Sequence[Evidence]) -> bool:
    bare = _YES_NO.sub("", sentence)
    said = set(content_stems(bare))
    closest = max((item.quote for item in evidence), key=lambda quote: len(said & set(content_stems(quote))))
    return polarity_holds(bare, closest) and not contradicts(bare, closest)
