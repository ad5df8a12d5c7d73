"""Secrets in text that somebody will read: whatever was read as one, and whatever looks like one."""

from __future__ import annotations

import re

_LOOKS = re.compile(
    r"xox[a-z]\b[\w.-]*|xapp-[\w-]+"  # Slack
    r"|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # Discord
    r"|\bsk-[\w-]{16,}"  # OpenAI, and who took its form
    r"|(?<=hooks\.slack\.com/)[\w/-]+"
    r"|(?<=/webhooks/)\d+/[\w-]{40,}|(?<=/interactions/)\d+/[\w-]{20,}"
    r"|(?<=[Bb]earer )\S+"
)
_PASSWORD = re.compile(r"(://[^\s/@:]*:)(?!\*\*\*@)[^\s/]*(?=@)")
_SHORTEST = 6
"""Shorter ones are no secrets, and would be found in every second word."""

_read: set[str] = set()


def hide(secret: str) -> str:
    """Remember a secret that was read, so that it is masked wherever it turns up; the secret itself."""
    if len(secret) >= _SHORTEST:
        _read.add(secret)
    return secret


def masked(text: str) -> str:
    """The text with ``[secret]`` in place of each."""
    for secret in sorted(_read, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return _PASSWORD.sub(r"\1[secret]", _LOOKS.sub("[secret]", text))
