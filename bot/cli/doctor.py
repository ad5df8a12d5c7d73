"""``check``: the doctor. One line a part, what to do where it fails, exit code 1 if anything does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import packages_distributions

from bot.app import App, assembled, examined
from bot.cli.output import row, say
from bot.config import load
from bot.domain import Finding
from bot.errors import ConfigError, PaperboyError

OURS = "paperboy-bot"


async def check(arguments: argparse.Namespace) -> int:
    """Examine everything and tell."""
    findings: list[Finding] = []
    try:
        config = load(arguments.config)
    except ConfigError as error:
        findings = [Finding("configuration", False, problem) for problem in error.problems]
        _tell([*findings, packaging()], as_json=arguments.json)
        return 2
    findings = [Finding("configuration", True, "read without a mistake"), packaging()]
    try:
        async with assembled(config) as app:
            findings += await _parts(app)
    except ConfigError as error:
        findings += [Finding("secrets", False, problem) for problem in error.problems]
    except PaperboyError as error:
        findings.append(Finding("storage", False, str(error)))
    _tell(findings, as_json=arguments.json)
    return 0 if all(finding.ok for finding in findings) else 1


async def _parts(app: App) -> Sequence[Finding]:
    return [*await app.stores.examine(), *await examined(app)]


def packaging() -> Finding:
    """Whether the packages that are imported are ours; others on the index bear the same names."""
    known = packages_distributions()
    strangers = {
        name: [other for other in known.get(name, []) if other != OURS]
        for name in ("bot", "adapters", "storage")
    }
    clash = [f"{name} ({', '.join(others)})" for name, others in strangers.items() if others]
    if clash:
        return Finding(
            "packaging",
            False,
            f"other packages bear our names: {'; '.join(clash)}. Give Paperboy an environment of its own.",
        )
    return Finding("packaging", True, "installed without a clash of names")


def _tell(findings: Sequence[Finding], *, as_json: bool) -> None:
    for finding in findings:
        if as_json:
            row({"name": finding.name, "ok": finding.ok, "detail": finding.detail})
        else:
            say(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.detail}")
