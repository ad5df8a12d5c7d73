"""Words, stems and sentences of scientific English: the one place where text is cut into pieces."""

import re
import threading
import unicodedata
from collections.abc import Iterator

import Stemmer

STOP_WORDS = frozenset(
    str.split(
        "a about above after again against all also although am an and any are as at based be because "
        "been before being below between both but by can cannot could did do does doing down during each "
        "either et etc few for from further had has have having he her here hers him his how however i "
        "if in into is it its itself just many may me might more most much must my neither no nor not of "
        "off on once one only onto or other our ours out over own per several shall she should since so "
        "some such than that the their theirs them then there therefore these they this those through "
        "thus to too toward towards under until up upon us using very via was we were what when where "
        "whether which while who whom whose why will with within without would you your yours "
    )
)
"""Words that carry no topic; lower case, as `words` gives them."""

# A run of letters and digits, or one character of a script that writes no spaces between words.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\U00020000-\U0002ebef"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_ACCENTS = re.compile("[\u0300-\u036f\u1dc0-\u1dff\u20d0-\u20ff]+")
_ASCII_FOLD = {ord("ß"): "ss", ord("ø"): "o", ord("ł"): "l", ord("đ"): "d", ord("æ"): "ae", ord("œ"): "oe"}

_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*|[。！？]+[”’」』）]*)(?=\s|$|(?<=[。！？”’」』）]))")
_ABBREVIATIONS = frozenset(
    str.split(
        "e.g i.e et al cf vs viz ca approx resp fig figs eq eqs eqn sec sect tab ref refs no nos vol pp "
        "ch dr prof mr mrs ms st jr sr inc ltd co corp dept univ ed eds spp sp subsp var str aff nat "
        "phys proc conf int suppl def thm lem prop cor assoc incl excl w.r.t a.k.a i.i.d s.t wrt est "
    )
)
# These stand at the end of a sentence about as often as within one: a capital after them decides.
_OFTEN_LAST = frozenset(
    ["al", "no", "a.k.a", "i.i.d", "co", "inc", "ltd", "corp", "sp", "spp", "var", "ms", "int", "ca"]
)
_LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘]+$")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)*[A-Z]")

# Snowball leaves the plural of a word without vowels as it is: "llms", "gnns".
_ACRONYMS = re.compile(r"([b-df-hj-np-rtv-xz0-9]{2,})s")

_stemmers = threading.local()


def words(text: str) -> list[str]:
    """The words of a text, lower case and without accents, in order.

    Hyphens and slashes part words ("vision-language" is two); a possessive 's is dropped; Chinese, Japanese
    and Thai, which write no spaces, give one word a character: a phrase of them is still a run of words.
    """
    return _WORD.findall(_fold(text))


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in order (Snowball English, <https://snowballstem.org>)."""
    return stem_words(words(text))


def stem_words(tokens: list[str]) -> list[str]:
    """The stem of each word that :func:`words` gave.

    One stemmer a thread: PyStemmer's objects must not be shared between threads.
    """
    if not hasattr(_stemmers, "english"):
        _stemmers.english = Stemmer.Stemmer("english")
    stemmed: list[str] = _stemmers.english.stemWords([_singular(token) for token in tokens])
    return stemmed


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry a topic, that is all but stop words, in order."""
    return stem_words([word for word in words(text) if word not in STOP_WORDS])


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped and with white space made single, in order; no word is lost."""
    return [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end, as half-open character offsets without outer white space.

    A blank line ends a sentence; a full stop after an abbreviation, an initial or before a lower-case word
    does not. Against the sentences of SciFact's 5,183 abstracts: precision .967, recall .991, and most of
    what counts as wrong there is wrong in the reference ("… 24 h.", "[8.3 [7.").
    """
    spans = []
    for start, end in _paragraphs(text):
        begin = start
        for stop in _stops(text, start, end):
            spans.append((begin, stop))
            begin = stop
        spans.append((begin, end))
    return [span for span in (_strip(text, *span) for span in spans) if span[0] < span[1]]


def _fold(text: str) -> str:
    if "'s" in text or "’s" in text:
        text = _POSSESSIVE.sub("", text)
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", plain)).translate(_ASCII_FOLD)


def _singular(token: str) -> str:
    return token[:-1] if token.endswith("s") and _ACRONYMS.fullmatch(token) else token


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in re.finditer(r"\n[ \t\r]*\n\s*", text):
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends_sentence(text, match, start):
            yield match.end()


def _ends_sentence(text: str, match: re.Match[str], start: int) -> bool:
    following = text[match.end() : match.end() + 40].lstrip()
    if not following or not match.group().startswith("."):
        return not following[:1].islower()
    before = _LAST_TOKEN.search(text, max(start, match.start() - 40), match.start())
    token = before.group() if before else ""
    if following[0].islower() and not _starts_with_name(following):
        return False
    if token.lower() in _OFTEN_LAST:
        return following[0].isupper() and token.lower() != "al"
    if token.lower() in _ABBREVIATIONS:
        return False
    return not (
        _INITIALS.fullmatch(token) and len(match.group()) == 1 and not _is_unit(token, text, match.start())
    )


def _starts_with_name(following: str) -> bool:
    """Whether a lower-case beginning is a name ("mRNA", "p53"), which may begin a sentence."""
    word = re.match(r"[\w-]+", following)
    return bool(word and re.search(r"[A-Z0-9]", word.group()))


def _is_unit(token: str, text: str, at: int) -> bool:
    """Whether a lone capital ends a sentence as a unit or label ("5 K.", "vitamin D."), not as an initial."""
    before = text[max(0, at - len(token) - 14) : at - len(token)]
    return bool(re.search(r"(?:\d\s?|\b[a-z]{2,}\s)$", before)) and len(token) == 1


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
