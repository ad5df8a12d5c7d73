"""Models as functions of what they are asked: one that reads honestly, and liars of every kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain import Part
from bot.text import content_stems, sentences
from tests.fakes.llm import Asked

_BLOCK = re.compile(r"<<<DATA (\w+) (\w+)\n(.*?)\n\2 DATA>>>", re.DOTALL)
MOST = 24
"""Claims of a summary, at most: as many as the prompt asks for."""
_CUES: Sequence[tuple[Part, str]] = (
    (Part.ABLATIONS, r"without the|ablat"),
    (Part.LIMITATIONS, r"cannot|limit|did not test"),
    (Part.FUTURE_WORK, r"future work"),
    (Part.RESULTS, r"reach|halves|outperform|improve"),
    (Part.DATASETS, r"record|dataset|hours"),
    (Part.ARCHITECTURE, r"train|layer|loss"),
    (Part.CORE_IDEA, r"we present|we propose|we introduce"),
    (Part.GAPS, r"fail|hard because"),
)


def blocks(asked: Asked) -> dict[str, str]:
    """The texts between marks in the user's message, by kind."""
    return {kind: text for kind, _, text in _BLOCK.findall(asked.user)}


def summary(asked: Asked) -> dict[str, object]:
    """An honest summary: every claim is a sentence of the paper and its quote the same words."""
    paragraphs = [p for p in blocks(asked)["paper"].splitlines() if not re.match(r"Title: |## ", p)]
    claims: list[dict[str, object]] = []
    for sentence in (sentence for paragraph in paragraphs for sentence in sentences(paragraph)):
        part = next((part for part, cue in _CUES if re.search(cue, sentence, re.IGNORECASE)), None)
        if part and 30 < len(sentence) <= 230:
            claims.append({"part": part.value, "text": sentence, "quote": sentence})
    if not claims:
        return {"gist": "", "gist_quote": "", "claims": []}
    gist = next((c for c in claims if c["part"] == "core_idea"), claims[0])
    return {"gist": gist["text"], "gist_quote": gist["quote"], "claims": claims[:MOST]}


def answer(asked: Asked) -> dict[str, object]:
    """An honest answer: the sentence of the passages with most words of the question, if it has two."""
    found = blocks(asked)
    wanted = set(content_stems(found["question"]))
    best, place, shared = "", 0, 0
    for number, line in re.findall(r"^\[(\d+)\] (?:\([^)]*\) )?(.*)$", found["passages"], re.MULTILINE):
        for sentence in sentences(line):
            common = len(wanted & set(content_stems(sentence)))
            if common > shared:
                best, place, shared = sentence, int(number), common
    if shared < 2:
        return {"outcome": "NOT_IN_PAPER", "quotes": [], "answer": ""}
    return {"outcome": "ANSWERED", "quotes": [{"passage": place, "quote": best}], "answer": best}


def anything(asked: Asked) -> dict[str, object]:
    """Honest, whichever of the two is asked for."""
    return summary(asked) if "gist_quote" in asked.system else answer(asked)
