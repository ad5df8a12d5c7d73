"""Which sentence of a text is evidence for or against a claim, or answers a question.

A logistic regression over shared words (BM25, share found, pairs, letters in fours), numbers, denials, the
neighbours and the manner of the sentence ("we show", "to determine"), fitted on the evidence sentences of
SciFact (Wadden et al. 2020, <https://arxiv.org/abs/2004.14974>). Words alone, no vectors: they gave 1.5
points of hit@1 and cost 20 MB (see docs/decisions).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log

import numpy as np

from bot.llm.extract_weights import Floats, Linear, linear, rarity
from bot.text import content_stems

_MANNERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:conclu|findings|in summary|together|taken together|thus|therefore|overall|"
        r"these (?:results|data|findings|observations)|here,? we|our (?:results|data|findings|study))",
        r"\b(?:show|demonstrat|found|find|reveal|suggest|indicat|identif|observ|report|confirm|provide)",
        r"^results?\b|main results|^findings|p ?[<=>]|%|95% ci|odds|ratio|significant|associated|increase|"
        r"decrease|reduc",
        r"\b(?:aim|objective|purpose|to (?:determine|investigate|assess|examine|evaluate)|background|"
        r"we (?:sought|aimed|examined|investigated|asked)|unknown|unclear|whether|however|design|setting|"
        r"methods?)\b",
    )
)
_DENIES = re.compile(r"\b(?:not|no|n['’]t|without|neither|nor|lack|fail|unlike|never)\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_K1, _B = 1.2, 0.75


def rank(claim: str, sentences: Sequence[str], *, model: Linear | None = None) -> Floats:
    """A score a sentence of one text, given in its order; the log-odds that it is evidence."""
    if not sentences:
        return np.zeros(0)
    return (model or linear("evidence"))(features(claim, sentences))


def features(claim: str, sentences: Sequence[str]) -> Floats:
    """Shape (len(sentences), features)."""
    asked = content_stems(claim)
    own = [content_stems(sentence) for sentence in sentences]
    shares = _shares(claim, asked, sentences, own)
    rows = np.hstack([shares, _neighbours(shares[:, 0]), _places(own), _manners(claim, sentences)])
    spread = np.maximum(rows.std(0), 0.02)
    standing = np.clip((rows - rows.mean(0)) / spread, -4, 4)[:, :8]
    return np.hstack([rows, standing, shares[:, :5] - shares[:, :5].max(0)])


def _shares(claim: str, asked: list[str], sentences: Sequence[str], own: list[list[str]]) -> Floats:
    """BM25, share of the claim's weight found, the same by rarity in the text, pairs, fours, numbers."""
    terms = list(dict.fromkeys(asked))
    weights = {term: rarity(term) for term in terms}
    total = sum(weights.values()) or 1.0
    within = Counter(word for words in own for word in set(words))
    local = {term: log(1 + len(own) / within[term]) for term in terms if within[term]}
    typical = sum(map(len, own)) / len(own) or 1.0
    pairs, fours, figures = set(pairwise(asked)), _fours(claim), set(_FIGURE.findall(claim))
    rows = []
    for sentence, words in zip(sentences, own, strict=True):
        there, counts = set(words), Counter(words)
        norm = _K1 * (1 - _B + _B * len(words) / typical)
        bm25 = sum(weights[t] * counts[t] * (_K1 + 1) / (counts[t] + norm) for t in terms)
        rows.append(
            [
                bm25 / total,
                sum(weights[term] for term in terms if term in there) / total,
                sum(weight for term, weight in local.items() if term in there),
                len(pairs & set(pairwise(words))) / max(1, len(pairs)),
                (fours & _fours(sentence)).total() / max(1, fours.total()),
                len(figures & set(_FIGURE.findall(sentence))),
            ]
        )
    return np.array(rows, dtype=np.float64)


def _fours(text: str) -> Counter[str]:
    plain = re.sub(r"[^a-z0-9]+", " ", text.lower())
    return Counter(plain[at : at + 4] for at in range(len(plain) - 3))


def _neighbours(scores: Floats) -> Floats:
    return np.stack([np.append(0.0, scores[:-1]), np.append(scores[1:], 0.0)], axis=1)


def _places(own: list[list[str]]) -> Floats:
    last = len(own) - 1
    return np.array(
        [
            [at / max(1, last), at == 0, at == last, at == last - 1, log(len(words) + 1), len(words) < 5]
            for at, words in enumerate(own)
        ],
        dtype=np.float64,
    )


def _manners(claim: str, sentences: Sequence[str]) -> Floats:
    denied = bool(_DENIES.search(claim))
    rows = []
    for at, sentence in enumerate(sentences):
        manners = [bool(pattern.search(sentence)) for pattern in _MANNERS]
        denies = bool(_DENIES.search(sentence))
        late_aim = manners[3] * at / max(1, len(sentences) - 1)
        rows.append([*manners, denies, denies == denied, late_aim])
    return np.array(rows, dtype=np.float64)
