"""Ways to report on a paper, true and false, for sentences of real papers. Nothing here is random that is
not seeded, and each way says what of a sentence it can be done to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.text import STOP_WORDS, content_stems, words

MOST_TEXT, MOST_QUOTE = 240, 300


@dataclass(frozen=True, slots=True)
class Told:
    """A statement and the quote it is given."""

    text: str
    quote: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A sentence, others of the same paper and of another one, and dice."""

    sentence: str
    others: Sequence[str]
    foreign: Sequence[str]
    dice: random.Random = field(default_factory=lambda: random.Random(0))


Way = Callable[[Scene], Told | None]


def _half(sentence: str, *, last: bool) -> str:
    parts = sentence.split()
    middle = len(parts) // 2
    return " ".join(parts[middle:] if last else parts[:middle])


# --- true -----------------------------------------------------------------------------------------


def verbatim(scene: Scene) -> Told | None:
    return Told(scene.sentence, scene.sentence) if len(scene.sentence) <= MOST_TEXT else None


def shortened(scene: Scene) -> Told | None:
    """Brackets, a lead-in and a last clause left out: what is said stays true."""
    text = re.sub(r"\s*\([^()]*\)", "", scene.sentence)
    text = re.sub(
        r"^(?:In this (?:paper|work)|Moreover|Furthermore|However|Finally|In addition),\s+", "", text
    )
    text = re.sub(r",\s+which [^,]*$", ".", text)
    return Told(text, scene.sentence) if text != scene.sentence and len(text) <= MOST_TEXT else None


def part_quoted(scene: Scene) -> Told | None:
    """The quote is only the second half, and the statement says no more."""
    half = _half(scene.sentence, last=True)
    return Told(half, half) if 40 <= len(half) <= MOST_TEXT else None


def respelled(scene: Scene) -> Told | None:
    """The quote as models and PDFs write it: other dashes, quotes, spaces, case."""
    quote = scene.sentence.replace("-", "–").replace("“", '"').replace("'", "’").replace(", ", " , ")
    return Told(scene.sentence, quote[:1].swapcase() + quote[1:]) if len(quote) <= MOST_TEXT else None


def reported(scene: Scene) -> Told | None:
    """In the third person, as a reader would say it."""
    text = re.sub(r"\bWe\b", "The authors", scene.sentence)
    text = re.sub(r"\b([Oo])ur\b", "their", re.sub(r"\bwe\b", "the authors", text))
    return Told(text, scene.sentence) if text != scene.sentence and len(text) <= MOST_TEXT else None


# --- false ----------------------------------------------------------------------------------------


def foreign(scene: Scene) -> Told | None:
    """A sentence of another paper."""
    other = scene.dice.choice(scene.foreign)
    return Told(other, other)


def foreign_in_text(scene: Scene) -> Told | None:
    """A sentence of another paper with a true quote of this one."""
    return Told(scene.dice.choice(scene.foreign), scene.sentence)


def word_changed(scene: Scene) -> Told | None:
    """One word of the quote is another."""
    parts = scene.sentence.split()
    places = [n for n, part in enumerate(parts) if part.isalpha() and part.lower() not in STOP_WORDS]
    new = [w for w in words(scene.dice.choice(scene.foreign)) if w.isalpha() and len(w) > 4]
    if not places or not new:
        return None
    place = scene.dice.choice(places)
    if parts[place].lower() == new[0]:
        return None
    parts[place] = new[0]
    return Told(scene.sentence, " ".join(parts))


def _other_number(text: str, dice: random.Random) -> str | None:
    found = list(re.finditer(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w,-]|\.\d)", text))
    if not found:
        return None
    match = dice.choice(found)
    changed = str(int(match.group().replace(".", "")) + dice.randint(1, 8))
    if "." in match.group():
        digits = len(match.group().partition(".")[2])
        changed = f"{changed.zfill(digits + 1)[:-digits]}.{changed.zfill(digits + 1)[-digits:]}"
    altered = text[: match.start()] + changed + text[match.end() :]
    return altered if changed not in text else None


def number_in_text(scene: Scene) -> Told | None:
    text = _other_number(scene.sentence, scene.dice)
    return Told(text, scene.sentence) if text else None


def number_in_both(scene: Scene) -> Told | None:
    text = _other_number(scene.sentence, scene.dice)
    return Told(text, text) if text else None


_VERB = re.compile(r"\b(is|are|was|were|can|could|does|do|did|will|has|have)\b(?! not\b)")


def _denied(text: str) -> str | None:
    match = _VERB.search(text)
    return f"{text[: match.end()]} not{text[match.end() :]}" if match else None


def not_in_text(scene: Scene) -> Told | None:
    text = _denied(scene.sentence)
    return Told(text, scene.sentence) if text else None


def not_in_quote(scene: Scene) -> Told | None:
    quote = _denied(scene.sentence)
    return Told(scene.sentence, quote) if quote else None


def not_in_both(scene: Scene) -> Told | None:
    text = _denied(scene.sentence)
    return Told(text, text) if text else None


def not_left_out(scene: Scene) -> Told | None:
    text = re.sub(
        r"\b(is|are|was|were|can|could|does|do|did|will) not\b|\bcannot\b", r"\1", scene.sentence, count=1
    )
    return Told(" ".join(text.split()), scene.sentence) if text != scene.sentence else None


_TURNED = {
    "higher": "lower",
    "lower": "higher",
    "better": "worse",
    "worse": "better",
    "increases": "decreases",
    "increase": "decrease",
    "decrease": "increase",
    "improves": "degrades",
    "improve": "degrade",
    "outperforms": "underperforms",
    "larger": "smaller",
    "smaller": "larger",
    "faster": "slower",
    "more": "less",
    "positive": "negative",
    "best": "worst",
}


def turned_round(scene: Scene) -> Told | None:
    """One word is its opposite."""
    for word, opposite in _TURNED.items():
        text, count = re.subn(rf"\b{word}\b", opposite, scene.sentence, count=1)
        if count and not re.search(rf"\b{word}\b|\b{opposite}\b", scene.sentence.replace(word, "", 1)):
            return Told(text, scene.sentence)
    return None


def merged_in_both(scene: Scene) -> Told | None:
    """The beginning of one sentence and the end of another, as one quote."""
    other = scene.dice.choice(scene.others)
    merged = f"{_half(scene.sentence, last=False)} {_half(other, last=True)}"
    return Told(merged, merged) if merged not in (scene.sentence, other) else None


def merged_in_text(scene: Scene) -> Told | None:
    """The beginning of one sentence and the end of another, with the first as quote; an end that brings
    fewer than three new words is no second statement."""
    other = scene.dice.choice(scene.others)
    end = _half(other, last=True)
    if len(set(content_stems(end)) - set(content_stems(scene.sentence))) < 3:
        return None
    return Told(f"{_half(scene.sentence, last=False)} {end}", scene.sentence)


def skipped(scene: Scene) -> Told | None:
    """Words left out of the middle of the quote."""
    parts = scene.sentence.split()
    if len(parts) < 12:
        return None
    quote = " ".join(parts[:4] + parts[7:])
    return Told(scene.sentence, quote)


def dotted(scene: Scene) -> Told | None:
    """Two places joined by an ellipsis."""
    other = scene.dice.choice(scene.others)
    return Told(scene.sentence, f"{_half(scene.sentence, last=False)} … {_half(other, last=True)}")


TRUE: dict[str, Way] = {way.__name__: way for way in (verbatim, shortened, part_quoted, respelled, reported)}
FALSE: dict[str, Way] = {
    way.__name__: way
    for way in (
        foreign,
        word_changed,
        number_in_text,
        number_in_both,
        not_in_text,
        not_in_quote,
        not_in_both,
        not_left_out,
        turned_round,
        merged_in_both,
        merged_in_text,
        skipped,
        dotted,
    )
}
BEYOND: dict[str, Way] = {foreign_in_text.__name__: foreign_in_text}
"""What words alone cannot tell for sure; measured, and not in the reach."""
