"""The gist that is shown: one candidate, or two of them side by side where one says too little.

Each is weighed by the score of its sentences and by the match that its words can expect. Two sentences of the
abstract stand together with a semicolon between them, in their order and unchanged but for that; the second
must stand on its own or follow the first directly, so that "it" and "this" keep their meaning. A heading
("A new way of counting bees.") stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from bot.evidence import clip
from bot.llm.extract_cuts import HEADING
from bot.llm.extract_gist import LONGEST, Candidate, score
from bot.llm.extract_salience import chances, expected
from bot.text import sentences, stems

EXPECTED = 1.5
"""What the expected match counts beside the score; by cross-validation on the training part."""
WORDS = 42
"""Words of two sentences together, at most."""

_LEANS = re.compile(
    r"^(?:it|its|they|their|both|the (?:former|latter|above|same|other|second|third)|another|there|one|some|"
    r"others|most|each|but|and|or|so|then|instead|otherwise|similarly|likewise|still|yet|conversely|"
    r"for example|for instance|in contrast|on the other hand|in turn)\b|"
    r"\b(?:this|these|those|such)\b(?!\s+(?:paper|work|study|article|thesis|survey|report|as)\b)",
    re.IGNORECASE,
)
_OPENERS = re.compile(
    r"(?:We|Our|This|These|It|Its|They|The|A|An|In|On|For|With|By|To|From|Here|Using|Through|Experiments?|"
    r"Results?|Extensive|Empirical|Experimental|Both|Such|If|Via|Unlike|At|When|While|As|Under|Given|Based|Since|"
    r"Because|After|Once|Then|Although|Despite|Further|Furthermore|Moreover|However|Thus|Therefore|Hence|Compared|"
    r"Existing|Current|Previous|Prior|Several|Multiple|Other|Traditional|Modern|Standard|Additional|Instead|"
    r"One|Two|Three|Four|Each|All|Many|Most|Some|Recent|(?!Assembly)[A-Z][a-z]{4,}ly(?=,| [a-z]))"
    r"\b(?![-.])"
)
"""First words that are no names, as they begin sentences of abstracts; adverbs among them."""


def gist(title: str, abstract: str) -> str:
    """What the abstract says in at most `LONGEST` characters; "" where there is no abstract."""
    whole = sentences(abstract)
    scored = score(title, whole)
    if not scored:
        return ""
    fitting = [pair for pair in scored if len(pair[1].text) <= LONGEST]
    if not fitting:
        return clip(max(scored, key=lambda pair: pair[0])[1].text, LONGEST)
    return _best(fitting, chances(title, whole, scored))


def _best(fitting: Sequence[tuple[float, Candidate]], chance: dict[str, float]) -> str:
    words = [stems(candidate.text) for _, candidate in fitting]
    worth = [
        (mark + EXPECTED * expected(own, chance), candidate.text)
        for (mark, candidate), own in zip(fitting, words, strict=True)
    ]
    for one, other in _together([candidate for _, candidate in fitting], words):
        share = len(words[one]) / max(1, len(words[one]) + len(words[other]))
        mark = share * fitting[one][0] + (1 - share) * fitting[other][0]
        match = expected([*words[one], *words[other]], chance)
        worth.append((mark + EXPECTED * match, joined(fitting[one][1], fitting[other][1])))
    return max(worth, key=lambda pair: pair[0])[1]


def _together(found: Sequence[Candidate], words: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Which two may stand side by side, by number."""
    for one, other in combinations(range(len(found)), 2):
        if len(words[one]) + len(words[other]) <= WORDS and can_follow(found[one], found[other]):
            yield one, other


def can_follow(first: Candidate, second: Candidate) -> bool:
    """Whether two candidates of one abstract can be read one after the other."""
    if first.sentence >= second.sentence or len(first.text) + len(second.text) >= LONGEST:
        return False
    if not first.text.endswith(".") or not second.text.endswith(".") or _LEANS.match(first.text):
        return False
    if HEADING in first.cuts or HEADING in second.cuts:
        return False
    next_to = second.sentence == first.sentence + 1 and "tail" not in first.cuts
    return next_to or not _LEANS.search(second.text)


def joined(first: Candidate, second: Candidate) -> str:
    """Both in one, with a semicolon; the second begins in lower case where its first word is no name."""
    after = second.text
    if _OPENERS.match(after):
        after = after[0].lower() + after[1:]
    return f"{first.text[:-1]}; {after}"
