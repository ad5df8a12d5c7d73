"""Which paper is meant: ids out of whatever people and feeds write, and keys that fold the same paper.

Pure. An arXiv paper is ``arxiv:2509.10432`` without its version, everything else with a DOI is ``doi:10.…``
in lower case, and what has neither is known by its address (``url:…``). A DOI that arXiv itself registered is
the arXiv paper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from bot.domain import PaperId

_NEW_STYLE = r"(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_STYLE = r"[a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[A-Za-z]{2}(?:-[a-z]{2,3})?)?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV = re.compile(
    rf"(?:oai:arxiv\.org:|arxiv[:/ ]\s*)?({_NEW_STYLE}|{_OLD_STYLE})(?:v(\d{{1,3}}))?", re.IGNORECASE
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"<>\\^`{|}]+", re.IGNORECASE)
_WHOLE_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_DOI_PREFIX = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*|urn:doi:)", re.IGNORECASE)
_PREPRINT_SERVER = re.compile(r"(10\.(?:1101|64898)/[\d.]+\d)(?:v\d+)?(?:[./].*)?$")
_OLD_PREPRINT_LINK = re.compile(
    r"/(?:cgi/content/(?:short|abstract|full|long)|content/(?:bio|med)rxiv/early/\d{4}/\d\d/\d\d)"
    r"/((?:20\d\d\.\d\d\.\d\d\.)?\d{6,8})(?:v\d+)?(?:\.full|\.abstract)?(?:\.pdf)?$"
)
"""How the feeds of bioRxiv and medRxiv, and Google Scholar, link to a paper: without the DOI's prefix."""
_PREPRINT = re.compile(
    r"arxiv:|doi:10\.(?:1101/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,}$|64898/|26434/|21203/|31234/|36227/|31219/|20944/)"
)
_LINK = re.compile(r"https?://[^\s<>\"'|\\^`{}]+", re.IGNORECASE)
_MENTIONED = re.compile(
    rf"{_LINK.pattern}|\barxiv[:/ ]\s?(?:{_NEW_STYLE}|{_OLD_STYLE})(?:v\d+)?|\b{_DOI.pattern}"
    rf"|(?<![\w./])(?:{_NEW_STYLE})(?:v\d+)?(?![\w/])",
    re.IGNORECASE,
)
_ARXIV_HOSTS = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org", "arxiv-vanity.com")
_ARXIV_PATH = re.compile(
    r"/(?:abs|pdf|html|ps|e-print|src|format|overview|papers|audio|tb|show-email/\w+)/(.+?)(?:\.pdf|\.html?|/)?$"
)
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|mc_[ce]id|ref|source|via|rss|error|code|WT\..*|dgcid|af|rft_dat|TRACK|cmp|amp",
    re.IGNORECASE,
)
_ENDING = ".,;:!?*_~'’”»"
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md"})
_FOLD = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"}
)
_NOT_LETTERS = re.compile(r"[\W_]+")
_TELLING_LENGTH = 20
_NEEDS_NAME = re.compile(
    r"\b(?:in|of|from|about|on|with|by|for|than|does|do|did|is|are|was|has|can)$", re.IGNORECASE
)
_ASKS = re.compile(
    r"\w.*[?？؟](?=\W|$)|^(?:please |can you |could you )?(?:what|which|how|why|who|whose|where|when|does|do"
    r"|did|is|are|was|were|can|could|has|have|should|would|will|tell|explain|describe|list|name|give)\b"
    r"(?: \S+){2}",
    re.IGNORECASE,
)
"""What a question looks like: with its mark, or with a word that begins one and two more."""


def parse(text: str) -> PaperId | None:
    """The paper that an id, a DOI or a link names; None if it names none.

    >>> parse("https://arxiv.org/pdf/2509.10432v2.pdf")
    'arxiv:2509.10432'
    """
    text = text.strip().strip("<>")
    if text.lower().startswith(("http://", "https://")):
        return from_link(text)
    return arxiv(text) or doi(text)


def arxiv(text: str) -> PaperId | None:
    """The arXiv paper whose id (old or new, with or without version and prefix) is ``text``."""
    versioned = arxiv_version(text)
    return PaperId(f"arxiv:{versioned[0]}") if versioned else None


def arxiv_version(text: str) -> tuple[str, int | None] | None:
    """The bare arXiv id and the version, if one is named.

    Since 2015 ids have five digits after the dot, before that four (info.arxiv.org/help/arxiv_identifier).
    """
    match = _ARXIV.fullmatch(text.strip())
    if match is None:
        return None
    base, version = match[1].lower(), match[2]
    if "/" in base:
        archive, _, number = base.partition("/")
        base = f"{archive.partition('.')[0]}/{number}"
    elif (len(base) == 10) != (int(base[:2]) >= 15):
        return None
    return base, int(version) if version else None


def doi(text: str) -> PaperId | None:
    """The paper with that DOI, however it is written; arXiv's own DOIs give the arXiv paper."""
    bare = bare_doi(text)
    if not bare:
        return None
    if match := _ARXIV_DOI.fullmatch(bare):
        return arxiv(match[1])
    return PaperId(f"doi:{bare}")


def bare_doi(text: str) -> str:
    """The DOI in lower case without prefix, address or a sentence's full stop; empty if it is none."""
    text = unquote(_DOI_PREFIX.sub("", text.strip(), count=1))
    match = _WHOLE_DOI.match(text)
    if match is None:
        return ""
    found = _unbracketed(match[0].rstrip(_ENDING)).lower()
    if server := _PREPRINT_SERVER.match(found):
        return server[1]
    return found


def from_link(link: str) -> PaperId | None:
    """The paper behind a link, as far as the link itself tells: arXiv and its mirrors, Hugging Face papers,
    doi.org, bioRxiv, medRxiv, Nature, and every publisher that writes the DOI into its addresses."""
    try:
        parts = urlsplit(link.rstrip(_ENDING))
        host = (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:
        return None
    path = unquote(parts.path)
    if any(host == known or host.endswith("." + known) for known in _ARXIV_HOSTS) or host in (
        "huggingface.co",
        "hf.co",
    ):
        match = _ARXIV_PATH.match(path)
        return arxiv(match[1]) if match else None
    if host == "nature.com" and path.startswith("/articles/"):
        return doi(f"10.1038/{path.removeprefix('/articles/').partition('.pdf')[0].strip('/')}")
    if host in ("biorxiv.org", "medrxiv.org") and (match := _OLD_PREPRINT_LINK.match(path)):
        # From 2025 on a new prefix is in use too: only the page tells which.
        return doi(f"10.1101/{match[1]}") if match[1][:4] < "2025" or "." not in match[1] else None
    asked = " ".join(value for key, value in parse_qsl(parts.query) if key.lower() in ("id", "doi"))
    match = _DOI.search(path) or _DOI.match(asked)
    return (
        doi(
            re.sub(
                r"(?:\.full|\.abstract|/(?:abstract|full|pdf|epdf|fulltext|meta))(?:\.pdf)?$|\.pdf$",
                "",
                match[0],
            )
        )
        if match
        else None
    )


def mentioned(text: str) -> tuple[PaperId, ...]:
    """The papers that a message names by link or id, each once, in order."""
    found: dict[PaperId, None] = {}
    for match in _MENTIONED.finditer(text):
        if paper_id := parse(_unbracketed(match[0].rstrip(_ENDING))):
            found[paper_id] = None
    return tuple(found)


def question_about(paper_id: PaperId, text: str) -> str:
    """What a message that names the paper asks about it: its words with "this paper" for the id or link, or
    without it where it stands before or behind them; empty where they are no question.

    >>> question_about(PaperId("arxiv:2509.10432"), "does https://arxiv.org/abs/2509.10432v2 beat NeRF?")
    'does this paper beat NeRF?'
    """
    parts: list[str] = []
    at = 0
    for match in _MENTIONED.finditer(text):
        named = _unbracketed(match[0].rstrip(_ENDING))
        if parse(named) == paper_id:
            parts.append(text[at : match.start()])
            at = match.start() + len(named)
    parts.append(text[at:])
    words = _joined(parts)
    return words if _ASKS.search(words) else ""


def _joined(parts: Sequence[str]) -> str:
    """The parts of a message between mentions of one paper as one sentence."""
    words = parts[0].strip()
    for part in parts[1:]:
        inside = words and (re.match(r"\s*\w", part) or _NEEDS_NAME.search(words))
        words = f"{words}{' this paper' if inside else ''}{part}" if words else part.strip()
    words = re.sub(r"\s+([?!.,;:])", r"\1", " ".join(words.replace("()", " ").split()))
    return words.strip(" ,;:.!–—-")


def is_preprint(paper_id: PaperId) -> bool:
    """Whether it stands on a preprint server: arXiv, bioRxiv, medRxiv, ChemRxiv, Research Square, OSF…"""
    return _PREPRINT.match(paper_id) is not None


def links(text: str) -> tuple[str, ...]:
    """The web addresses in a message, each once, in order."""
    return tuple(dict.fromkeys(_unbracketed(link.rstrip(_ENDING)) for link in _LINK.findall(text)))


def by_address(link: str) -> PaperId:
    """The identity of a paper that has nothing but an address; tracking parameters do not count."""
    try:
        parts = urlsplit(link.strip())
        host, number = parts.hostname or "", parts.port
    except ValueError:
        return PaperId("url:" + "".join(link.split("://", 1)[-1].split()))
    host = host.lower().removeprefix("www.")
    port = f":{number}" if number not in (None, 80, 443) else ""
    kept = [(key, value) for key, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(key)]
    query = f"?{urlencode(sorted(kept))}" if kept else ""
    return PaperId(f"url:{host}{port}{parts.path.rstrip('/')}{query}")


def address(paper_id: PaperId) -> str:
    """The page of a paper: arXiv's abstract page, doi.org, or its own address."""
    kind, _, bare = paper_id.partition(":")
    pages = {"arxiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
    return pages.get(kind, "https://") + bare


def title_key(title: str, authors: Sequence[str]) -> str:
    """The same for a preprint and its journal version: letters of the title, and the first author's surname.

    Empty where it would tell too little (no author, or a title as short as "Editorial"), so that different
    papers are never folded by it.
    """
    found = letters(title)
    surname = _surname(authors[0]) if authors else ""
    return f"{found}|{surname}" if len(found) >= _TELLING_LENGTH and surname else ""


def letters(text: str) -> str:
    """Letters and digits alone, without case, accents and spaces, to compare titles by."""
    if text.isascii():
        return _NOT_LETTERS.sub("", text.lower())
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_FOLD)
    return _NOT_LETTERS.sub("", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _surname(author: str) -> str:
    """The last word of the family name: of "van der Berg, A.", "A. van der Berg" and "Berg, Jr., A."."""
    family = author.partition(",")[0] if "," in author else author
    names = [name for name in (letters(word) for word in family.split()) if name and name not in _SUFFIXES]
    return names[-1] if names else ""


def _unbracketed(text: str) -> str:
    """Without a closing bracket that was opened before the text: "(see doi.org/10.1/x)"."""
    while (
        text
        and text[-1] in ")]>"
        and text.count(text[-1]) > text.count({")": "(", "]": "[", ">": "<"}[text[-1]])
    ):
        text = text[:-1].rstrip(_ENDING)
    return text
