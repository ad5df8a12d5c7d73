"""Teaching a topic from the library: papers with its phrase against random ones, one small model each.

The library labels itself: a paper with the phrase in its title is about the topic, a random paper is most
likely not. A logistic regression on one- and two-word terms then finds the papers that are about the topic
without its words (docs/relevance.md has the measurements).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.match.standing import Flags, Page, Phrase, Standing, standings
from bot.match.terms import Index, Lexicon, Text, Weighing, contains_any, count_terms
from bot.ranking import Floats, Ints, Sparse, fit_logistic

POSITIVES_WANTED = 40
"""Examples that make weaker ones unnecessary."""
POSITIVES_MAX = 400
POSITIVES_MIN = 5
"""With fewer examples nothing is taught: the phrase decides."""
NEGATIVES_MIN = 150
_HELD_OUT = 3
"""One in so many random papers is kept out of training, to measure how high unrelated papers score."""
_PENALTY = 1 / 3
_SHARE_MIN = 0.01
_TERMS_MAX = 600


@dataclass(frozen=True, slots=True)
class Background:
    """A random sample of the library: what is not about the topic, and how rare terms are."""

    page: Page
    index: Index
    weighing: Weighing

    @classmethod
    def learn(cls, texts: Sequence[Text], lexicon: Lexicon) -> Background:
        """Count the sample's terms once, for all topics."""
        counted = count_terms(texts, lexicon)
        weighing = Weighing.learn(counted)
        return cls(Page.lay(texts), Index.build(counted, weighing), weighing)


@dataclass(frozen=True, slots=True)
class Taught:
    """What the library taught about a topic: weights of terms, with and without the topic's own words."""

    vocabulary: Ints
    """Terms, sorted."""
    weights: Floats
    bias: float
    blind_weights: Floats
    """Weights of the second model, which does not see the topic's own words."""
    blind_bias: float
    ceiling: float
    """The score that one unrelated paper in a hundred passes."""
    examples: int
    wanted: tuple[Phrase, ...]
    """The topic's phrases and their short names."""
    weakest: Standing
    """The weakest standing that had to be taken for an example."""


def teach(
    wanted: Sequence[Phrase], candidates: Sequence[Text], background: Background, lexicon: Lexicon
) -> Taught | None:
    """Learn the topic from ``candidates``, newest first (papers that may be about it), against the
    background; None where there are too few examples or too small a library."""
    page = Page.lay(candidates)
    place = standings(page, wanted)
    chosen, weakest = choose_examples(place)
    unrelated = standings(background.page, wanted) < min(Standing.MENTIONED, weakest)
    if len(chosen) < POSITIVES_MIN or unrelated.sum() < NEGATIVES_MIN:
        return None
    examples = Index.build(count_terms([candidates[index] for index in chosen], lexicon), background.weighing)
    vocabulary = _vocabulary(examples, background.index)
    rows = _Rows(examples.over(vocabulary), background.index.over(vocabulary))
    return _train(rows, unrelated, vocabulary, wanted, len(chosen), weakest)


def choose_examples(place: Ints) -> tuple[Ints, Standing]:
    """The candidates to learn from, and the weakest standing among them: the phrase in the title or twice
    in the abstract; weaker ones only as long as there are few."""
    strong = np.flatnonzero((place == Standing.TITLE) | (place == Standing.REPEATED))
    if len(strong) >= POSITIVES_WANTED:
        return strong[:POSITIVES_MAX], Standing.REPEATED
    for least in (
        Standing.TITLE,
        Standing.TITLE_WORDS,
        Standing.REPEATED,
        Standing.MENTIONED,
        Standing.SCATTERED,
    ):
        chosen = np.flatnonzero(place >= least)
        if len(chosen) >= POSITIVES_WANTED:
            break
    return chosen[:POSITIVES_MAX], least


@dataclass(frozen=True, slots=True)
class _Rows:
    """The examples and the background over one vocabulary."""

    examples: Sparse
    background: Sparse

    def fit(self, unrelated: Flags, hidden: Flags | None = None) -> tuple[Floats, float]:
        below = self.background.take_rows(unrelated)
        count = self.examples.shape[0]
        matrix = Sparse(
            np.concatenate([self.examples.rows, below.rows + count]),
            np.concatenate([self.examples.columns, below.columns]),
            np.concatenate([self.examples.values, below.values]),
            (count + below.shape[0], below.shape[1]),
        )
        if hidden is not None:
            matrix = matrix.without_columns(hidden)
        positive = np.arange(matrix.shape[0]) < count
        return fit_logistic(matrix, positive, penalty=_PENALTY)


def _train(
    rows: _Rows,
    unrelated: Flags,
    vocabulary: Ints,
    wanted: Sequence[Phrase],
    examples: int,
    weakest: Standing,
) -> Taught:
    """Two rounds: the first finds background papers that are about the topic after all, the second is
    trained without them."""
    held_out = np.arange(len(unrelated)) % _HELD_OUT == 0
    weights, bias = rows.fit(unrelated & ~held_out)
    clean = unrelated & ~held_out & (rows.background.dot(weights) + bias < 0)
    weights, bias = rows.fit(clean)
    own = contains_any(vocabulary, frozenset(word for phrase in wanted for word in phrase.content))
    blind_weights, blind_bias = rows.fit(clean, hidden=own)
    score = rows.background.dot(weights) + bias
    ceiling = float(np.quantile(score[unrelated & held_out], 0.99))
    return Taught(
        vocabulary, weights, bias, blind_weights, blind_bias, ceiling, examples, tuple(wanted), weakest
    )


def _vocabulary(examples: Index, background: Index) -> Ints:
    """The terms that tell most: in at least two examples and one in a hundred, ranked by how much more or
    less often they stand there than in the background."""
    frequency = examples.frequency
    common = frequency >= max(2.0, _SHARE_MIN * examples.size)
    terms, frequency = examples.terms[common], frequency[common]
    share = (frequency + 0.1) / (examples.size + 0.2)
    expected = (background.frequencies(terms) + 0.1) / (background.size + 0.2)
    telling = np.sqrt(frequency) * np.abs(np.log(share / expected))
    return np.sort(terms[np.argsort(-telling, kind="stable")[:_TERMS_MAX]])
