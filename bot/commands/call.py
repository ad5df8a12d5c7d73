"""A typed command taken apart: its name, its words, and what stands behind "not:", "since:" and the like."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain import CommandInfo, Request
from bot.errors import UsageError

LONGEST = 2_000
_DAYS = re.compile(r"(\d{1,9})\s*(d|days?|w|weeks?|m|months?|y|years?)?", re.IGNORECASE)
_UNIT_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
LONGEST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it: ``words`` without the options, ``options`` by name."""

    info: CommandInfo
    request: Request
    words: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def first(self) -> tuple[str, str]:
        """The first word, and the rest."""
        head, _, rest = self.words.partition(" ")
        return head, rest.strip()

    @property
    def reserved(self) -> bool:
        """Whether this form of the command is for those alone who may change what it changes."""
        if not self.info.admin or not self.info.reserved:
            return bool(self.info.admin)
        said = {self.first()[0].lower(), *self.options}
        return self.request.kind == "form" or not said.isdisjoint(self.info.reserved)

    def need(self, what: str) -> str:
        """The words. Raises UsageError where there are none: ``what`` says what is missing."""
        if not self.words:
            raise misuse(self.info, f"{what} is missing.")
        return self.words


def misuse(info: CommandInfo, problem: str) -> UsageError:
    """An error that says what is wrong and shows usage and an example."""
    return UsageError(f"{problem}\nUsage: {info.usage}\nExample: {info.example}")


def parse(request: Request, table: Mapping[str, CommandInfo], *, command: str = "/paper") -> Call:
    """The call in a request's text. Raises UsageError for what is no command, with the nearest ones."""
    line = " ".join(request.text.split())
    if len(line) > LONGEST:
        raise UsageError(f"That is {len(line):,} characters; a command may have at most {LONGEST:,}.")
    line = re.sub(rf"^{re.escape(command)}(?=\s|$)", "", line, flags=re.IGNORECASE).strip()
    name, _, rest = line.partition(" ")
    name = name.lower().lstrip("/")
    if not name:
        name = "help"
    if name not in table:
        raise UsageError(unknown(name, table, command))
    words, options = _split(rest, table[name])
    return Call(table[name], request, words, options)


def unknown(name: str, table: Iterable[str], command: str) -> str:
    """The sentence for a command that does not exist."""
    shown = name if len(name) <= 40 else name[:39] + "…"
    close = difflib.get_close_matches(name, list(table), 3, 0.55)
    near = f" Did you mean {_either([f'{command} {other}' for other in close])}?" if close else ""
    return f"There is no command “{shown}”.{near} {command} help lists them all."


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _split(rest: str, info: CommandInfo) -> tuple[str, dict[str, str]]:
    leads = {option.lead.lower(): option.name for option in info.options if option.lead}
    if not leads:
        return rest.strip(), {}
    pattern = re.compile(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, leads))})\s*", re.IGNORECASE)
    pieces = pattern.split(rest)
    options: dict[str, str] = {}
    words = [pieces[0]]
    for lead, value in zip(pieces[1::2], pieces[2::2], strict=True):
        name = leads[lead.lower()]
        taken, left = _value(name, value)
        options[name] = f"{options[name]}, {taken}" if name in options else taken
        words.append(left)
    return " ".join(part.strip() for part in words if part.strip()), options


def _value(name: str, value: str) -> tuple[str, str]:
    """An exclusion takes all words up to the next option; any other option takes one, or one in quotes."""
    if name == "not":
        return value.strip(), ""
    if value.startswith(('"', "“")):
        taken, _, left = value[1:].partition("”" if value[0] == "“" else '"')
        return taken.strip(), left
    taken, _, left = value.partition(" ")
    return taken, left


def days(value: str, *, what: str = "since") -> int:
    """A number of days written as "7d", "2w", "3m" or "10". Raises UsageError."""
    match = _DAYS.fullmatch(value.strip())
    if not match:
        raise UsageError(f"“{value[:40]}” is no span of time for {what}; write 7d, 2w or 3m.")
    number = int(match[1]) * _UNIT_DAYS[(match[2] or "d")[0].lower()]
    if not 0 < number <= LONGEST_DAYS:
        raise UsageError(f"“{value}” is outside 1 day to 10 years.")
    return number
