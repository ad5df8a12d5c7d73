"""Author names as feeds write them: one string with commas, brackets full of affiliations, TeX accents."""

from __future__ import annotations

import re

from bot.tex import readable

_BRACKETS = re.compile(r"\([^()]*\)")
_SUFFIX = re.compile(r"(?:Jr|Sr|I{2,3}|IV)\.?")
_CONJUNCTION = re.compile(r"^(?:and|&)\s+|\s+(?:and|&)\s+(?=\S+\s+\S)")
_MOST = 10_000


def split(names: str) -> tuple[str, ...]:
    """The authors in a comma-separated list, affiliations in brackets left out, "Jr." kept with its name."""
    found: list[str] = []
    for part in re.split(r"[,;]", _without_brackets(names)):
        for name in _CONJUNCTION.split(part):
            name = clean(name)
            if found and _SUFFIX.fullmatch(name):
                found[-1] += f", {name}"
            elif name:
                found.append(name)
    return tuple(found[:_MOST])


def family_first(names: str) -> tuple[str, ...]:
    """The authors in a list like "Loconsole, M.; Xue, C.", each turned to "M. Loconsole"."""
    return tuple(name for name in (turned(part) for part in names.split(";")[:_MOST]) if name)


def turned(name: str) -> str:
    """ "Xue, C." as "C. Xue"; a name without a comma, or with a suffix after it, stays."""
    family, comma, given = clean(name).partition(",")
    given = given.strip()
    if not comma or not given or _SUFFIX.fullmatch(given):
        return clean(name)
    return f"{given} {family.strip()}"


def clean(name: str) -> str:
    """One name on one line, readable."""
    return readable(name).strip(" ,;:*")


def listed(names: list[str]) -> tuple[str, ...]:
    """Names that came one by one; a lone ":" after a collaboration and empty ones vanish."""
    return tuple(name for name in (clean(name) for name in names[:_MOST]) if name)


def _without_brackets(names: str) -> str:
    """Innermost brackets first; twenty layers at most, so that a hostile list costs little."""
    for _ in range(20):
        fewer = _BRACKETS.sub(" ", names)
        if fewer == names:
            break
        names = fewer
    return names
