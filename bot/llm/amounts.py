"""Questions for a quantity, and the amounts that alone can answer them.

"How large is the corpus?" is not answered by a sentence that has the corpus and no number, nor by one that
has another number: its size is so many sentences or hours, a time is in seconds, an accuracy in percent.
"""

from __future__ import annotations

import re

from bot.text import stems


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_AUXILIARY = (
    r"(?=,?\s+(?:is|are|was|were|an?|the|do|does|did|can|could|must|should|will|would|has|have)\b|\W*$)"
)
_WHICH = (
    r"\b(?:what|which)(?:['’]?s|\s+(?:is|are|was|were))?(?:\s+(?:the|its|their|an?))?(?:\s+[\w-]+){0,2}?\s+"
)
_NO_NOUN = r"\b(?!-|\s+(?:functions?|metrics?|measures?|analys[ie]s|types?|models?|correction|limits?))"

_SET = r"(?<!learning )(?<!dropout )(?<!decay )(?<!sampling )(?<!frame )(?<!bit )(?<!data )"
"""A rate that somebody sets or that is counted in a second is no share."""

_MANY = _pattern(rf"\bhow (?:many|much)\b|{_WHICH}(?:number|rate){_NO_NOUN}")
_SIZE = _pattern(
    rf"\bhow (?:large|big|small|high|low|deep|heavy|costly|old|wide)\b{_AUXILIARY}|"
    rf"{_WHICH}(?:size|price){_NO_NOUN}"
)
_SCORE = _pattern(
    rf"\bhow accurate(?:ly)?\b{_AUXILIARY}|"
    rf"{_WHICH}(?:accurac(?:y|ies)|scores?|percentage|percent|fraction|share|"
    rf"proportion|{_SET}rate|recall|F1|BLEU|ROUGE|mAP|IoU|PSNR|SSIM|FID|perplexity|error){_NO_NOUN}"
)
_SPEED = _pattern(
    rf"\bhow (?:long|fast|quick(?:ly)?|slow)\b{_AUXILIARY}|\bhow much (?:faster|slower|quicker|longer)\b|"
    rf"{_WHICH}(?:speed|latency|throughput|run-?time){_NO_NOUN}"
)
_OF_DATA = _pattern(r"\b(?:corp(?:us|ora)|data(?: ?sets?)?|(?:training|test) sets?|benchmarks?|collection)\b")

_NO_AMOUNT = _pattern(
    r"\[[\d,;\s–-]+\]|\([^()]*\b(?:19|20)\d\d[a-z]?\)|"
    r"\b(?:fig(?:ure|\.)?s?|tab(?:le|\.)?s?|sec(?:tion|\.)?s?|eq(?:uation|\.)?s?|algorithm)\s*\(?\d[\d.]*\)?|"
    r"\b(?:in|since|until|by|from|during|before|after)\s+(?:19|20)\d\d\b|"
    r"\b[a-z][a-z-]*\d[\w.-]*|\b(?-i:[A-Z])\w+[ -]\d+(?:\.\d+)?B\b(?!\W+(?:\w+\W+)?param)|"
    r"\b\d+[- ]?d(?:imensional)?\b"
)
_NUMBER = (
    r"(?:\d[\d.,]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?)\b)"
)
_CHANGE = (
    r"\b(?:half|halv(?:e|es|ed|ing)|twice|doubl(?:e|es|ed|ing)|tripl(?:e|es|ed|ing)|quarter|(?:an?|one|"
    r"two)[- ]thirds?|\w+fold|"
    r"orders? of magnitude)\b"
)
_TIME = r"(?:m?s|milliseconds?|sec(?:onds?)?|min(?:utes?)?|hours?|days?|weeks?|months?|years?)\b"
_THINGS = (
    r"(?:[KMGT]i?B|samples?|examples?|instances?|images?|pictures?|frames?|videos?|clips?|hours?|minutes?|"
    r"tokens?|"
    r"sentences?|words?|documents?|articles?|papers?|pairs?|questions?|items?|records?|recordings?|rows?|"
    r"segments?|pages?|trajectories|episodes?|scenes?|cases|scans|patients|participants|annotations?|entries|"
    r"observations|utterances|dialogues?|conversations?|tasks|problems|prompts|tweets|posts|reviews|"
    r"queries)\b"
)
_ANY = _pattern(rf"{_NUMBER}|{_CHANGE}|\bone {_TIME}")
_AS_SCORE = _pattern(
    rf"\d\s?\\?%|\bpercent\b|\d[\d.]*\s?(?:points?|dB)\b|\d\.\d+(?![\d.]*\s?(?:x|×|\$)|\d)|{_CHANGE}"
)
_AS_SPEED = _pattern(
    rf"(?:{_NUMBER}|\bone|\bhalf an?)[\s-]?{_TIME}|\bfps\b|\bper (?:second|minute|hour|day)\b|"
    rf"\d\s?(?:x|×|times)\b|\b(?:in|at) real[- ]time(?: speed)?\b|{_CHANGE}|\d\s?Hz\b"
)
_AS_DATA = _pattern(
    rf"{_NUMBER}\s?[-+]?(?:k|m|b|million|billion|thousand)?\W+(?:[\w-]+\W+){{0,3}}?{_THINGS}|\d\s?[KMGT]i?B\b"
)


_POINTED = _pattern(r"\b(fig|tab|alg|eq)(?:ure|le|orithm|uation)?\b\.?\s*(\d{1,3})\b(?!\.\d)")


def pointed(question: str) -> re.Pattern[str] | None:
    """What names the figure, table, algorithm or equation that a question asks about by its number."""
    found = _POINTED.search(question)
    return _pattern(rf"\b{found[1]}[a-z]*\.?\s*\(?{found[2]}\b(?!\.\d)") if found else None


def sought(question: str) -> re.Pattern[str] | None:
    """What an answer to a question for a quantity must have; None for any other question."""
    if _SCORE.search(question):
        return _AS_SCORE
    if _SPEED.search(question):
        return _AS_SPEED
    if _SIZE.search(question) or re.search(r"\bhow much data\b", question, re.IGNORECASE):
        return _AS_DATA if _OF_DATA.search(question) else _ANY
    return _ANY if _MANY.search(question) else None


def told(sentence: str, amount: re.Pattern[str] | None) -> bool:
    """Whether a sentence has the amount: no year, citation, name of a model, or number of a figure."""
    return amount is None or bool(amount.search(_NO_AMOUNT.sub(" ", sentence)))


_COUNTED = re.compile(
    r"(?:\d[\d.,]*(?!\))\s?(?:%|k|million|billion)?|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve))\b",
    re.IGNORECASE,
)


def counts(sentence: str, stem: str) -> bool:
    """Whether a number stands before the thing, at most four words away."""
    return any(stem in stems(sentence[m.end() : m.end() + 60])[:5] for m in _COUNTED.finditer(sentence))
