"""How each kind of message looks on Discord, kept beside the code and reviewed like it.

Write anew with ``PAPERBOY_SNAPSHOTS=write python -m pytest tests/core/test_discord_snapshot.py``.
"""

import json
import os
from pathlib import Path

from simcord.components import validate_components, validate_modal

from adapters.discord_forms import modal
from adapters.discord_views import V2, pages
from tests.fakes.discord_forms import check_modal
from tests.fakes.discord_rules import check_message
from tests.fakes.specimens import PAGE, SETTINGS

KEPT = Path(__file__).parents[1] / "snapshots" / "discord.json"


def page() -> dict[str, object]:
    shown: dict[str, object] = {
        name: [{"components": one.components, "files": one.files} for one in pages(doc)]
        for name, doc in PAGE.items()
    }
    return shown | {"modal": modal(SETTINGS)}


def test_every_kind_of_message_looks_as_it_was_approved() -> None:
    told = json.dumps(page(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("PAPERBOY_SNAPSHOTS") == "write":
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(told, encoding="utf-8")
    assert told == KEPT.read_text(encoding="utf-8")


def test_both_judges_take_every_one_of_them() -> None:
    for doc in PAGE.values():
        for one in pages(doc):
            check_message({"flags": V2, "components": list(one.components)})
            validate_components(list(one.components), flags=V2)
    check_modal(modal(SETTINGS))
    validate_modal(modal(SETTINGS))
