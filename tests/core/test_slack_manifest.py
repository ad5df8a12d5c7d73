"""The manifest: what Slack takes, in either mode, with no scope more than the program needs."""

import json
from pathlib import Path

import pytest

from adapters.slack_manifest import NEEDED, SCOPES, dump, faults, manifest
from tests.fakes.slack_web import METHODS
from tests.fakes.slack_world import SCOPES as GRANTED

DEPLOYED = Path(__file__).parents[2] / "deploy" / "slack-manifest.json"


@pytest.mark.parametrize("url", ["", "https://papers.example.org", "https://papers.example.org/"])
@pytest.mark.parametrize("command", ["/paper", "/" + "p" * 31])
def test_slack_takes_it(url: str, command: str) -> None:
    told = manifest(name="P" * 80, command=command, url=url)
    assert faults(told) == []
    assert told["settings"]["socket_mode_enabled"] is (url == "")
    assert told["features"]["slash_commands"][0]["should_escape"] is True


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("display_information.name", "", "display_information.name"),
        ("display_information.description", "x" * 141, "description"),
        ("display_information.long_description", "too short", "long_description"),
        ("display_information.background_color", "red", "background_color"),
        ("features.agent_view.agent_description", "x" * 301, "agent_description"),
        ("features.assistant_view", {}, "exclude"),
        ("features.unfurl_domains", ["a.org"] * 6, "unfurl_domains"),
        ("features.slash_commands", [{"command": "paper", "description": "x"}], "slash_commands"),
        ("oauth_config.scopes.bot", ["chat:write"], "lacks commands"),
        ("settings.socket_mode_enabled", False, "request_url"),
    ],
)
def test_what_slack_would_refuse_is_said(path: str, value: object, complaint: str) -> None:
    told = json.loads(dump(manifest()))
    *way, last = path.split(".")
    place = told
    for name in way:
        place = place[name]
    place[last] = value
    assert any(complaint in fault for fault in faults(told))


def test_every_scope_is_explained_and_none_is_missing() -> None:
    asked = set(manifest()["oauth_config"]["scopes"]["bot"])
    assert asked == set(SCOPES)
    assert all(reason for reason in SCOPES.values())
    assert asked >= NEEDED
    unused = {"conversations.join", "reactions.add", "team.info"}
    for name, (_, scopes) in METHODS.items():
        assert not scopes or scopes & asked or name in unused, name
    assert asked <= GRANTED


def test_the_deployed_manifest_is_the_one_the_program_makes() -> None:
    assert DEPLOYED.read_text(encoding="utf-8") == dump(manifest())


def test_the_documentation_explains_every_scope() -> None:
    page = (DEPLOYED.parents[1] / "docs" / "slack.md").read_text(encoding="utf-8")
    for scope, reason in SCOPES.items():
        assert f"| `{scope}` | {reason} |" in page
