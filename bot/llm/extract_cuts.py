"""One deletion of the gist's: the frame of a statement, "We show that" or "We propose" before a noun.

What is left is a sentence, or a heading that reads on its own. A statement stays whole where it holds a
condition or a reservation, where the rest would begin with "it" or "this", or where a second verb hung on
what goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HEADING = "proposed"
"""The deletion that leaves a noun, without a verb."""
SHORTEST = 6
"""Words that must be left."""

_SHOW = "(?:show|demonstrate|prove|find|found|observe|establish|verify|confirm)"
_SHOWN = re.compile(
    r"^(?:we|(?:our |the |these )?"
    r"(?:(?:extensive|empirical|experimental|theoretical|numerical|comprehensive) )*"
    r"(?:results|experiments|findings|analysis|analyses|evaluations?|study))"
    r"(?: (?:also|further|empirically|theoretically|experimentally|then|thus|first|additionally|even))* "
    rf"{_SHOW}s?(?: (?:empirically|theoretically|experimentally))?,? that (?P<rest>.+)$",
    re.IGNORECASE,
)
_PROPOSED = re.compile(
    r"^we (?:(?:also|further|then|thus|first|here|additionally) )*"
    r"(?:propose|present|introduce|develop|describe) "
    r"(?P<rest>(?:an?|the|two|three|several|novel|new)\b.+)$",
    re.IGNORECASE,
)
_RESERVED = re.compile(
    r"\b(?:under|if|unless|but|while|only|although|though|except|however|when|whereas|provided|despite|"
    r"assuming|given|as long as|at least|at most|up to|without|not|never|no)\b",
    re.IGNORECASE,
)
"""What limits a statement: where it stands, the sentence is left whole."""
_LEANING = re.compile(
    r"^(?:it|its|they|their|this|these|those|such|both|there|one|in|on|for|by|with|using|compared|unlike|"
    r"even|and|or|the (?:former|latter|same|other))\b",
    re.IGNORECASE,
)
"""Beginnings that need what stood before them, or that put the subject off."""
_SECOND_VERB = re.compile(
    r",? (?:and|then) (?:(?:that|then|also|further|instead|\w+ly) )*"
    r"(?:that|we|\w+(?<!s)(?<!ing)(?<!ed)e? (?:the|a|an|how|that|its?|their|this|these|on|what|whether|to)\b|"
    r"\w+s (?:the|a|an|how|that|its?|their|this|these)\b)",
    re.IGNORECASE,
)
"""A second verb after "and" whose subject would go, or what looks like one."""


_OPEN = re.compile(
    r"\b(?:an?|the|of|to|in|on|for|with|by|from|at|than|as|into|via|and|or|but|both|either|neither|between|"
    r"that|which|who|whose|where|when|while|if|is|are|was|were|be|been|such|however|i\.e|e\.g)$",
    re.IGNORECASE,
)
"""Last words after which something must come."""
_VERB = re.compile(
    r"\b(?:to|that|which|who|can|could|may|might|will|would|must|should|cannot|not|we|they|help|helps|\w+ly)"
    r"\s+[a-z]+$"
)
"""An end that is a verb, as it seems: what it acts on is behind the next "and"."""
_PAIRED = re.compile(r"\b(?:both|between|either|neither)\b(?!.*\b(?:and|or|nor)\b)", re.IGNORECASE)
"""The first half of two things named together."""

_COUNTED = re.compile(
    r"\b(?:two|three|four|five|six|seven|several|following|[2-9])\b(?:\s[^\s:;,]+){0,6}:\s(?P<items>.*)$",
    re.IGNORECASE,
)
"""A list that was announced, with its length as a rule."""
_LINKS = ("and", "as well as", ";", ":")


def breaks_off(text: str, word: str, beside: bool) -> bool:
    """Whether a text cut before `word` wants its end; `beside` says that no comma parts the two."""
    if _OPEN.search(text):
        return True
    counted = _COUNTED.search(text)
    if counted and (word in _LINKS or " and " not in counted["items"]):
        return True
    if word not in ("and", "as well as"):
        return False
    return bool(_PAIRED.search(text) or (beside and _VERB.search(text)))


def without_frame(text: str) -> Iterator[tuple[str, str]]:
    """What is shown or proposed, with the deletion's name; nothing where the frame must stay."""
    for name, pattern in (("shown", _SHOWN), (HEADING, _PROPOSED)):
        found = pattern.match(text)
        if found and len(found["rest"].split()) >= SHORTEST and _stands(text, found["rest"]):
            yield found["rest"][0].upper() + found["rest"][1:], name


def _stands(text: str, rest: str) -> bool:
    if ";" in rest or _RESERVED.search(text) or _LEANING.match(rest):
        return False
    return not _SECOND_VERB.search(rest)
