"""What can go wrong, as one tree. Every message is a sentence for a person and says what to do.

::

    PaperboyError
    ├── UsageError            wrong command line, command or value (exit code 2)
    │   └── ConfigError       the configuration file or the environment
    ├── NotFound              no such paper, topic or thread
    ├── Refused               not allowed for this person, or outside what the bot does
    ├── SourceError           a feed or an API of papers
    │   ├── Unreachable       no answer, refused connection, time-out, 5xx
    │   ├── Throttled         429 or "Rate exceeded."; ``retry_after`` seconds when told
    │   ├── Unreadable        an answer that is no feed, cut off, or over the bounds
    │   └── Forbidden         an address that must not be asked (private network, file:)
    ├── TextUnavailable       a paper's full text cannot be had or read; the abstract is used
    ├── ModelError            a language model's server
    │   ├── ModelDown         no answer, 5xx, circuit open
    │   ├── ModelThrottled    429; ``retry_after``
    │   ├── ModelLied         an answer that does not fit the schema or the paper
    │   └── BudgetSpent       the day's money is used up
    ├── DeliveryError         a post to a platform
    │   ├── Rejected          the platform will never take this message (4xx)
    │   ├── ChannelGone       channel archived, deleted, or the bot was removed; pause it
    │   ├── RateLimited       try again after ``retry_after`` seconds; nothing was posted
    │   ├── NotSent           nothing was posted; try again
    │   └── Uncertain         it may have been posted: look before sending again
    ├── PlatformError         a platform's token, scopes or connection
    ├── LeaseLost             another worker has taken over this piece of work
    └── StorageError          the database
        ├── Busy              another process holds it
        ├── TooNew            its schema is newer than this program
        └── Full              no room or no permission to write
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar


class PaperboyError(Exception):
    """The root: ``str(error)`` is one sentence that can be shown to a person."""

    quotes = True
    """Whether the sentence may repeat what a person, a paper or a server wrote: then no log holds it."""
    told = ""
    """What a log holds in its place."""


_E = TypeVar("_E", bound=PaperboyError)


def veiled(error: _E, told: str = "") -> _E:
    """The error, for once one that repeats what somebody wrote; ``told`` is for the log."""
    error.quotes, error.told = True, told
    return error


class UsageError(PaperboyError):
    """A wrong command line, command or value."""


class ConfigError(UsageError):
    """A fault in the configuration; ``problems`` holds one sentence each, beginning with the key's path."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotFound(PaperboyError):
    """There is no such paper, topic or thread."""


class Refused(PaperboyError):
    """Not allowed for this person, or outside what the bot does.

    ``people`` are the ids ("slack:U123") of those whom the message names by what follows the colon.
    """

    def __init__(self, message: str, *, people: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.people = tuple(people)


class SourceError(PaperboyError):
    """A source of papers failed."""


class Unreachable(SourceError):
    """No usable answer: connection refused, time-out, 5xx."""

    quotes = False


class Throttled(SourceError):
    """The host asks for patience."""

    quotes = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreadable(SourceError):
    """An answer that cannot be read, or is larger or slower than the bounds."""


class Forbidden(SourceError):
    """An address that must not be asked."""


class TextUnavailable(PaperboyError):
    """A paper's full text cannot be had or read."""


class ModelError(PaperboyError):
    """A language model failed."""

    excuse = "The model did not answer as it should"
    """What readers are told, as the beginning of a sentence; the message is for admins."""


class ModelDown(ModelError):
    """The model's server does not answer, or too many calls failed in a row."""

    quotes = False
    excuse = "The model cannot be reached just now"


class ModelThrottled(ModelError):
    """The model's server asks for patience."""

    quotes = False
    excuse = "The model has too much to do just now"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelLied(ModelError):
    """The model's answer does not fit the schema, or is not in the paper."""


class BudgetSpent(ModelError):
    """The money set for the day is used up."""

    quotes = False
    excuse = "The model's budget for today is spent"


class DeliveryError(PaperboyError):
    """A post did not go through."""

    quotes = False


class Rejected(DeliveryError):
    """The platform will never take this message."""


class ChannelGone(DeliveryError):
    """The channel cannot be posted to any more; its subscription is paused with this reason."""


class RateLimited(DeliveryError):
    """Nothing was posted; ``retry_after`` seconds must pass first."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotSent(DeliveryError):
    """Nothing was posted; it may be tried again."""


class Uncertain(DeliveryError):
    """The answer was lost: the message may stand in the channel."""


class PlatformError(PaperboyError):
    """A platform's token, scopes or connection do not serve."""

    quotes = False


class LeaseLost(PaperboyError):
    """Another worker has taken over this piece of work: leave it alone."""

    quotes = False


class StorageError(PaperboyError):
    """The database cannot do what is asked."""

    quotes = False


class Busy(StorageError):
    """Another process holds the database."""


class TooNew(StorageError):
    """The database was written by a newer program."""


class Full(StorageError):
    """There is no room, or no permission, to write."""
