"""How each kind of message looks on Slack, kept beside the code and reviewed like it.

Write anew with ``PAPERBOY_SNAPSHOTS=write python -m pytest tests/core/test_slack_snapshot.py``.
"""

import json
import os
from pathlib import Path

from adapters.slack_blocks import render
from adapters.slack_forms import Origin, home, modal
from tests.fakes.slack_limits import check_blocks, check_view
from tests.fakes.specimens import FORM, PAGE, SETTINGS

KEPT = Path(__file__).parents[1] / "snapshots" / "slack.json"


def page() -> dict[str, object]:
    shown: dict[str, object] = {
        name: [{"text": message.text, "blocks": message.blocks} for message in render(doc)]
        for name, doc in PAGE.items()
    }
    shown["modal"] = modal(FORM, SETTINGS, Origin("settings", "C0PAPERS"))
    shown["home"] = home(PAGE["digest"])
    return shown


def test_every_kind_of_message_looks_as_it_was_approved() -> None:
    told = json.dumps(page(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("PAPERBOY_SNAPSHOTS") == "write":
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(told, encoding="utf-8")
    assert told == KEPT.read_text(encoding="utf-8")


def test_slack_takes_every_one_of_them() -> None:
    for doc in PAGE.values():
        for message in render(doc):
            assert check_blocks(message.blocks) == []
    assert check_view(modal(FORM, SETTINGS, Origin("settings", "C0PAPERS"))) == []
