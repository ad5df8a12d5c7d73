"""Whether a question is in English, as papers are.

The embedded reader matches words and understands no other language; it must say so, and must not take a
question that it does not understand for one that has nothing to do with the paper.
"""

from __future__ import annotations

import re

from bot.text import STOP_WORDS, words

_ENGLISH = STOP_WORDS.difference(("a", "an", "as", "do", "in", "me", "no", "on", "or", "so", "was"))
_OTHERS = frozenset(
    str.split(
        # German, Dutch
        "welche welcher welches welchen welchem wie wieviel wieviele viele wurde wurden wird werden ist sind "
        "habt haben das dem ein eine einen einem einer und oder nicht fur auf bei zum zur warum wieso wozu "
        "wer wann gibt kann konnen worum geht auch nur sie ihre dieser diese dieses fasse "
        "welke hoeveel hoe werd zijn het een voor waarom wat niet deze dit "
        # French
        "quel quelle quels quelles sont est une dans avec sur pas combien pourquoi qui que cette ont "
        "elle ils elles aux quelques "
        # Spanish, Portuguese, Italian
        "cual cuales cuanto cuantos cuanta cuantas que como una utiliza usan donde quien "
        "qual quais quanto quantos quanta quantas foi foram uma nao usado usados "
        "quale quali quanti quante perche gli della delle dei che nel sono viene vengono"
    )
)
"""Small words that questions in these languages are made of, without accents; none that is a word, a name or
a short form in English papers, as "mit" and "von" are."""
_LETTER = re.compile(r"[^\W\d_]")


def foreign(question: str) -> bool:
    """Whether a question is in another language than English, as far as its letters and small words tell."""
    letters = _LETTER.findall(question)
    if sum(letter > "\u036f" for letter in letters) > len(letters) / 2:
        return True
    said = [word for word in words(question) if not word.isdigit()]
    others = sum(word in _OTHERS for word in said)
    return others > sum(word in _ENGLISH for word in said) and (others > 1 or len(said) <= 8)


_ONLY_ENGLISH = frozenset(
    ["the", "and", "this", "that", "which", "with", "are", "were", "from", "their", "they"]
)


def english(text: str) -> bool:
    """Whether a statement is in English for sure, by a small word that no neighbour has."""
    return not _ONLY_ENGLISH.isdisjoint(words(text)) and not foreign(text)
