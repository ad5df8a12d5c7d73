"""What an OpenAI-compatible server does wrong, as errors of ours: the border to the ``openai`` package."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.errors import ModelDown, ModelError, ModelThrottled, veiled
from bot.llm.dialect import too_long

if TYPE_CHECKING:
    import openai

_SAID = 200
_BROKEN = (json.JSONDecodeError, UnicodeDecodeError, ValidationError)
_KEYS = re.compile(r"\b(?:sk|pk|key|Bearer)[-_ ][A-Za-z0-9_*.-]{6,}")


class Fault(Exception):
    """A call that failed: ``error`` is what to tell, the rest is what to do about it.

    ``again``: trying again may help; ``retry_after`` seconds from now, where the server says so.
    ``broken``: the server, not the request, is at fault. ``billed``: it may cost money all the same.
    ``complaint``: what the server says is wrong with the request.
    """

    def __init__(
        self,
        error: ModelError,
        *,
        again: bool = False,
        broken: bool = False,
        billed: bool = False,
        retry_after: float | None = None,
        complaint: str = "",
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.broken = broken
        self.billed = billed
        self.retry_after = retry_after
        self.complaint = complaint


def late(where: str, seconds: float) -> Fault:
    """No answer within the time."""
    error = ModelDown(f"The model's server {where} did not answer within {seconds:g} s.")
    return Fault(error, again=True, broken=True, billed=True)


def cut(where: str) -> Fault:
    """An answer that broke off."""
    error = ModelDown(f"The model's server {where} broke off in the middle of its answer.")
    return Fault(error, again=True, broken=True, billed=True)


def read_fault(error: Exception, where: str, model: str, now: datetime) -> Fault | None:
    """The fault behind an exception of the client or its transport; None for any other exception."""
    import openai

    if isinstance(error, Fault):
        return error
    if isinstance(error, openai.APITimeoutError):
        return Fault(
            ModelDown(f"The model's server {where} did not answer in time."),
            again=True,
            broken=True,
            billed=True,
        )
    if isinstance(error, openai.APIStatusError):
        return _status(error, where, model, now)
    if isinstance(error, openai.APIConnectionError):
        cannot = ModelDown(
            f"The model's server {where} cannot be reached; is it running, and the address right?"
        )
        return Fault(cannot, again=True, broken=True)
    if isinstance(error, openai.APIError):  # an error event within a stream
        return Fault(
            veiled(
                ModelDown(f"The model's server says: {_said(error)}"), "The model's server tells of a fault."
            ),
            again=True,
            broken=True,
            billed=True,
        )
    if isinstance(error, (openai.OpenAIError, *_BROKEN, _transport_error())):
        return cut(where)
    return None


def _transport_error() -> type[Exception]:
    """The root of the errors of the HTTP library that this version of the client is built on."""
    import openai

    for base in openai.DefaultAsyncHttpxClient.__mro__:
        library = sys.modules.get(base.__module__.partition(".")[0])
        if library is not openai and isinstance(root := getattr(library, "HTTPError", None), type):
            return root
    return OSError


def _status(error: openai.APIStatusError, where: str, model: str, now: datetime) -> Fault:
    code, said = error.status_code, _said(error)
    if code == 429:
        return _throttled(error, said, now)
    if code in (401, 403):
        refused = ModelError(
            f"The model's server {where} refuses the key; check the variable llm.api_key_env."
        )
        return Fault(refused, broken=True)
    if code == 404:
        unknown = ModelError(
            f'The model\'s server {where} does not know "{model}"; check llm.model and llm.base_url.'
        )
        return Fault(unknown, broken=True)
    if code == 413 or too_long(said):
        return Fault(ModelError("The text is too long for the model; lower llm.context_tokens."))
    if code >= 500 or code in (408, 409, 425):
        wait = _retry_after(error.response.headers, now)
        down = ModelDown(f"The model's server {where} fails with status {code}.")
        return Fault(down, again=True, broken=True, retry_after=wait)
    return Fault(ModelError(f"The model's server refuses the request: {said}"), complaint=said or str(code))


def _throttled(error: openai.APIStatusError, said: str, now: datetime) -> Fault:
    if "insufficient_quota" in f"{error.code} {error.type} {said}":
        return Fault(
            ModelThrottled("The account at the model's server has no money left; top it up."), broken=True
        )
    wait = _retry_after(error.response.headers, now)
    asked = f" for {wait:g} s" if wait is not None else ""
    patience = ModelThrottled(f"The model's server asks for patience{asked}.", retry_after=wait)
    return Fault(patience, again=True, retry_after=wait)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from seconds or a date (RFC 9110, 10.2.3) or OpenAI's milliseconds."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if re.fullmatch("[0-9]{1,9}", milliseconds):
        return int(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


def _said(error: openai.APIError) -> str:
    """The server's own words in one line, without anything that looks like a key."""
    body = error.body
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        words = inner.get("message") or inner.get("detail") if isinstance(inner, Mapping) else inner
    else:
        words = body or error.message
    line = _KEYS.sub("[key]", " ".join(str(words or error.message).split()))
    return line if len(line) <= _SAID else line[: _SAID - 1] + "…"
