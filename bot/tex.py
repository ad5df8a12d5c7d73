r"""TeX in titles and abstracts made readable, so that people can read it and search can find it.

:func:`readable` is pure and fast: a cheap test leaves alone the texts without any TeX, four in five, and the
rest is walked once, in linear time whatever the input. Font macros are stripped, ``$5 and $10`` stays
money, scripts become Unicode where that stays legible, symbols come from :mod:`bot.tex_symbols` and, the
rare ones, from pylatexenc's table. What is not understood is shown as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from bot.tex_symbols import (
    ACCENTS,
    BLACKBOARD,
    CITED,
    DROPPED,
    ESCAPES,
    FUNCTIONS,
    NOTHING,
    OPERATORS,
    SPACES,
    STRIPPED,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SYMBOLS,
)

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SUSPECTS = ("\\", "$", "^", "{", "}", "~", "`", "--")
# The first alternative takes words of prose together: a text has ten times as many of them as of anything
# else. It begins after a space and with no digit, so that what a mark takes as its argument stays apart.
_TOKEN = re.compile(
    r"(?<= )(?:[^\\{}$^_~&\[\] 0-9][^\\{}$^_~&\[\] ]* )+|"
    r"\\[A-Za-z]+\*?|\\.|\$\$?|[{}^_~&\[\]]|\s+|[A-Za-z]+|[0-9]+(?:\.[0-9]+)*|[^\\{}$^_~&\[\]\sA-Za-z0-9]+|\\"
)
_MONEY = re.compile(r"[0-9][0-9,.]*[kKMBT]?(?:[,;]?\s+(?:[a-z]{2,}\b|$)|[-/–+,;(]+\s*$)")
_PROSE = re.compile(r"(?<![{\\])\b[a-z]{4,}\b[^{}\\]*\s")
_MATHY = re.compile(r"[\\^_{}=<>]")
_QUOTES = re.compile(r"``(.{1,400}?)''")
_SINGLE_QUOTES = re.compile(r"(?<!\w)`([^`']{1,200})'(?!\w)")
_DASHES = re.compile(r"(?<=\s)---?(?=\s)|(?<=[\w.,;)}\]$\"”])---?(?=[\w({\[$\\\"“])")
_TIE = re.compile(r"(?<=[\w.,:)\]}])~(?=[\w\\($\[])")
_WORD = re.compile(r"[A-Za-z]{3,}")
_PLAIN = re.compile(r"[\w.,+\-−∼/*⊥∥]+")
_CHEMICAL = re.compile(r"(?<=[A-Za-z)\]])[0-9]+")
_SET = re.compile(r"[^\\$^_]*[,:|\"][^\\$^_]*")
_SUPER = str.maketrans(SUPERSCRIPTS)
_SUB = str.maketrans(SUBSCRIPTS)
_RAISED = re.compile(r"[°′″*⋆†‡'%∗+±]+|TM|[a-z]?\)")
_LOWERED = frozenset("⊙☉⊕⋆*★†⊗")
_ORDINAL = frozenset({"th", "st", "nd", "rd"})
_MARKS = frozenset("\\^_{$~&")
_DEEP = 40


def readable(text: str) -> str:
    r"""Give ``text`` as one line that a person can read: ``MoS$_2$`` becomes ``MoS₂``.

    White space is collapsed; characters that nobody sees (control, zero-width, text direction, half a
    surrogate pair) are dropped: they hide words from readers and break databases. Never raises; the time is
    linear in the length of ``text``.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        line = " ".join(_UNSEEN.sub("", line).split())
    if not any(mark in line for mark in _SUSPECTS):  # a tenth of what a pattern takes
        return line
    if "`" in line:
        line = _SINGLE_QUOTES.sub("‘\\1’", _QUOTES.sub("“\\1”", line))
    if "--" in line:
        line = _DASHES.sub(lambda dash: "—" if len(dash.group()) == 3 else "–", line)
    if "~" in line:
        line = _TIE.sub(_tie, line)
    if any(mark in line for mark in "\\$^{}"):
        line = _Walk(line).text()
    return " ".join(line.split())


def _tie(tie: re.Match[str]) -> str:
    """A tie is a space, but between two digits people write it for a range."""
    around = tie.string[tie.start() - 1] + tie.string[tie.end()]
    return "~" if around.isdigit() else " "


class _Walk:
    """One pass over the tokens of a line; each step gives the text at ``at`` and where it ends."""

    def __init__(self, line: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(line)
        self.partner = _partners(self.tokens)
        self.depth = 0

    def text(self) -> str:
        return self.run(0, len(self.tokens), math=False)

    def run(self, at: int, end: int, *, math: bool, before: str = "") -> str:
        """Translate ``tokens[at:end]``; nesting deeper than in any real text is shown as it was."""
        if self.depth >= _DEEP:
            return "".join(self.tokens[at:end])
        self.depth += 1
        out: list[str] = []
        while at < end:
            piece = self.tokens[at]
            if piece[0] not in _MARKS:
                written, at = piece, at + 1
            elif piece in ("\\(", "\\)"):
                math, written, at = piece == "\\(", "", at + 1
            else:
                written, at = self.step(at, end, before, math=math)
            if written:
                out.append(written)
                before = written[-1]
        self.depth -= 1
        return "".join(out)

    def step(self, at: int, end: int, before: str, *, math: bool) -> tuple[str, int]:
        piece = self.tokens[at]
        first = piece[0]
        if first == "\\" and len(piece) > 1:
            return self.macro(at, end, before, math=math)
        if first in "^_":
            return self.script(at, end, before, math=math)
        if first == "{":
            return self.group(at, end, before, math=math)
        if first == "$":
            return self.dollar(at, end, before)
        return (" " if math and first in "~&" else piece), at + 1

    def group(self, at: int, end: int, before: str, *, math: bool) -> tuple[str, int]:
        close = self.partner[at]
        if not at < close < end:
            return "{", at + 1
        inside = self.run(at + 1, close, math=math)
        is_set = not math and before in ("", " ", "(") and close - at < 200
        if is_set and _SET.fullmatch("".join(self.tokens[at + 1 : close])):
            inside = f"{{{inside}}}"
        return inside, close + 1

    def dollar(self, at: int, end: int, before: str) -> tuple[str, int]:
        """Formulas lose their dollars; a price keeps its own."""
        close = self.partner[at]
        if not at < close < end or not _is_formula(self.tokens, at, close):
            return self.tokens[at].removeprefix("$$"), at + 1
        return self.run(at + 1, close, math=True, before=before).strip(" "), close + 1

    def argument(self, at: int, end: int, *, math: bool, digits: bool = False) -> tuple[str, int]:
        """What TeX takes as the next argument: a group, a macro, or one character."""
        at = self.past_space(at, end)
        if at >= end:
            return "", at
        piece = self.tokens[at]
        if piece == "{" and at < self.partner[at] < end:
            return self.run(at + 1, self.partner[at], math=math), self.partner[at] + 1
        if piece[0] == "\\" and len(piece) > 1 and self.depth < _DEEP:
            self.depth += 1
            found = self.macro(at, end, "", math=math)
            self.depth -= 1
            return found
        if len(piece) == 1 or (digits and piece[0].isdigit()):
            return piece, at + 1
        self.tokens[at] = piece[1:]
        return piece[0], at

    def past_space(self, at: int, end: int) -> int:
        if at < end and self.tokens[at][0] == " ":
            rest = self.tokens[at].lstrip(" ")
            self.tokens[at] = rest or " "
            return at if rest else at + 1
        return at

    def script(self, at: int, end: int, before: str, *, math: bool) -> tuple[str, int]:
        mark = self.tokens[at]
        follower = self.tokens[at + 1] if at + 1 < end else ""
        in_text = follower == "{" or (mark == "^" and follower[:1].isdigit() and before not in ("", " "))
        if not (math or in_text):
            return mark, at + 1
        content, after = self.argument(at + 1, end, math=True, digits=True)
        return _script(mark, content.strip(), before), after

    def macro(self, at: int, end: int, before: str, *, math: bool) -> tuple[str, int]:
        name = self.tokens[at][1:].rstrip("*")
        after = at + 1
        if not name[:1].isalpha():
            return self.escape(name, at, end, math=math)
        if name in ACCENTS and (len(name) > 1 or self.tokens[after : after + 1] == ["{"]):
            base, after = self.argument(after, end, math=math)
            return _accented(base.strip(), ACCENTS[name]), after
        if symbol := SYMBOLS.get(name) or OPERATORS.get(name):
            spaced = not math or (name in OPERATORS and before == " ")
            return symbol, after if spaced else self.past_space(after, end)
        if name in FUNCTIONS:
            return (f" {name}" if before.isalnum() else name), after
        if name in NOTHING:
            return "", self.past_declaration(name, after, end)
        if name in SPACES:
            return " ", after
        if special := _SPECIAL.get(name):
            return special(self, after, end, math)
        return self.wrapper(name, at, end, math=math)

    def past_declaration(self, name: str, at: int, end: int) -> int:
        at = self.past_space(at, end)
        if name in ("left", "right") and at < end and self.tokens[at].startswith("."):
            self.tokens[at] = self.tokens[at][1:] or " "
        return at

    def wrapper(self, name: str, at: int, end: int, *, math: bool) -> tuple[str, int]:
        """Macros that stand around their argument, then the rare and the unknown."""
        after = at + 1
        if name in DROPPED:
            return "", self.argument(after, end, math=False)[1]
        if name in CITED:
            key, after = self.argument(after, end, math=False)
            return f"[{key}]", after
        if name.startswith(("text", "math")) or name in STRIPPED:
            return self.argument(after, end, math=math and not name.startswith(("text", "mbox")))
        if symbol := _rare_symbol(name):
            return symbol, self.past_space(after, end) if math else after
        while after < end and self.tokens[after] == "{" and after < self.partner[after] < end:
            after = self.partner[after] + 1
        return "".join(self.tokens[at:after]), after

    def escape(self, name: str, at: int, end: int, *, math: bool) -> tuple[str, int]:
        r"""One mark after the backslash: ``\%``, ``\,`` and the accents."""
        if name in ACCENTS and not math:
            return self.accent(name, at, end)
        if name == "|" and math:
            return "‖", at + 1
        return ESCAPES.get(name, name), at + 1

    def accent(self, name: str, at: int, end: int) -> tuple[str, int]:
        r"""``\'e`` is é; a mark that fits no letter stands for itself, as in ``\"quoted\"``."""
        follower = self.tokens[at + 1] if at + 1 < end else ""
        if follower != "{" and not follower[:1].isalpha() and follower not in ("\\i", "\\j"):
            return name, at + 1
        if follower[:1].isalpha() and len(_accented(follower[0], ACCENTS[name])) > 1:
            return name, at + 1
        base, after = self.argument(at + 1, end, math=False)
        return _accented(base.replace("ı", "i").replace("ȷ", "j"), ACCENTS[name]), after


def _partners(tokens: list[str]) -> list[int]:
    """For every ``{`` and ``$`` the place of its end, 0 where there is none."""
    partner = [0] * len(tokens)
    opened: list[int] = []
    dollars: dict[str, int] = {}
    for at, piece in enumerate(tokens):
        if piece == "{":
            opened.append(at)
        elif piece == "}" and opened:
            partner[opened.pop()] = at
        elif piece[0] == "$":
            if piece in dollars:
                partner[dollars[piece]] = at
            dollars[piece] = at
    return partner


def _is_formula(tokens: list[str], at: int, close: int) -> bool:
    """``$n$`` and ``$3\\times 4$`` are; ``$5 and $`` and ``$5-$10`` are prices."""
    content = "".join(tokens[at + 1 : close])
    if not content.strip() or (content[0].isspace() and _PROSE.search(content)):
        return False
    if _MONEY.match(content):
        after = tokens[close + 1][:1] if close + 1 < len(tokens) else ""
        return bool(_MATHY.search(content)) and not after.isdigit()
    return bool(_MATHY.search(content)) or not (content[0].isspace() or content[-1].isspace())


def _script(mark: str, content: str, before: str) -> str:
    if not content:
        return ""
    if mark == "^" and (_RAISED.fullmatch(content) or (content in _ORDINAL and before.isdigit())):
        return content
    if mark == "_" and content in _LOWERED:
        return content
    table = _SUPER if mark == "^" else _SUB
    if not _WORD.search(content) and all(ord(letter) in table for letter in content):
        return content.translate(table)
    return mark + (content if _PLAIN.fullmatch(content) else f"{{{content}}}")


def _accented(base: str, accent: str) -> str:
    """``base`` under its accent; over several letters only a bar can be drawn."""
    if len(base) == 1:
        return unicodedata.normalize("NFC", base + accent)
    return base


@cache
def _rare_symbol(name: str) -> str:
    """Look up pylatexenc's table, loaded only when a text holds a macro that ours lacks."""
    from pylatexenc.latex2text import get_default_latex_context_db

    spec = get_default_latex_context_db().get_macro_spec(name)
    written = getattr(spec, "simplify_repl", None)
    return written if isinstance(written, str) and "%" not in written else ""


def _fraction(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    above, at = walk.argument(at, end, math=math)
    below, at = walk.argument(at, end, math=math)
    return f"{_bracketed(above)}/{_bracketed(below)}", at


def _root(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    content, at = walk.argument(at, end, math=math)
    return f"√{_bracketed(content)}", at


def _bracketed(content: str) -> str:
    content = content.strip()
    return content if re.fullmatch(r"\w*|[0-9.]+", content) else f"({content})"


def _binomial(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    above, at = walk.argument(at, end, math=math)
    below, at = walk.argument(at, end, math=math)
    return f"({above} choose {below})", at


def _link(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    target, at = walk.argument(at, end, math=False)
    shown, at = walk.argument(at, end, math=math)
    plain = "://" not in target or shown.strip() in ("", target)
    return (shown or target) if plain else f"{shown} ({target})", at


def _second(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    _, at = walk.argument(at, end, math=math)
    return walk.argument(at, end, math=math)


def _with_unit(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    amount, at = walk.argument(at, end, math=math)
    unit, at = walk.argument(at, end, math=math)
    return f"{amount} {unit}", at


def _chemical(walk: _Walk, at: int, end: int, _math: bool) -> tuple[str, int]:
    content, at = walk.argument(at, end, math=True)
    return _CHEMICAL.sub(lambda number: number.group().translate(_SUB), content).replace("->", "→"), at


def _character(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    r"""``\unicode{x2013}`` is MathJax's way to name a character."""
    content, at = walk.argument(at, end, math=math)
    code = re.fullmatch(r"x([0-9a-fA-F]{2,5})", content.strip())
    letter = chr(int(code[1], 16)) if code else ""
    return (letter if letter.isprintable() else ""), at


def _around(left: str, right: str) -> _Special:
    def wrap(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
        content, at = walk.argument(at, end, math=math)
        return f"{left}{content}{right}", at

    return wrap


def _scripted(mark: str) -> _Special:
    def lift(walk: _Walk, at: int, end: int, _math: bool) -> tuple[str, int]:
        content, at = walk.argument(at, end, math=True)
        return _script(mark, content.strip(), ""), at

    return lift


def _blackboard(walk: _Walk, at: int, end: int, math: bool) -> tuple[str, int]:
    content, at = walk.argument(at, end, math=math)
    return BLACKBOARD.get(content.strip(), content), at


_Special = Callable[[_Walk, int, int, bool], tuple[str, int]]
_SPECIAL: dict[str, _Special] = {
    **dict.fromkeys(("frac", "tfrac", "dfrac", "nicefrac", "sfrac", "cfrac"), _fraction),
    **dict.fromkeys(("textcolor", "texorpdfstring", "overset", "underset", "stackrel", "hyperlink"), _second),
    **dict.fromkeys(("SI", "qty", "ion"), _with_unit),
    **dict.fromkeys(("ce", "ch"), _chemical),
    **dict.fromkeys(("enquote", "say"), _around("“", "”")),
    **dict.fromkeys(("footnote", "thanks"), _around(" (", ")")),
    "sqrt": _root,
    "binom": _binomial,
    "href": _link,
    "unicode": _character,
    "ket": _around("|", "⟩"),
    "bra": _around("⟨", "|"),
    "abs": _around("|", "|"),
    "norm": _around("‖", "‖"),
    "pmod": _around(" (mod ", ")"),
    "textsuperscript": _scripted("^"),
    "textsubscript": _scripted("_"),
    "mathbb": _blackboard,
}
