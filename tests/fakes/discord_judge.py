"""The second judge: simcord's rules over everything that the fake's own rules let pass.

Two readings of Discord's reference, made apart, so that a mistake in one does not hide one in the other.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from simcord.backend import Backend
from simcord.components import validate_components, validate_modal

Json = dict[str, Any]


def of_layout(components: list[Json], flags: int) -> str:
    """What simcord says against the components of a message; empty if nothing."""
    return _verdict(lambda: validate_components(copy.deepcopy(components), flags=flags))


def of_modal(modal: Json) -> str:
    """What simcord says against a modal."""
    return _verdict(lambda: validate_modal(copy.deepcopy(modal)))


def of_commands(commands: list[Json]) -> str:
    """What simcord says against application commands; it does not know all that discord.py sends."""
    known = [{key: value for key, value in one.items() if key not in _UNKNOWN} for one in commands]
    return _verdict(lambda: Backend().register_commands(None, copy.deepcopy(known)))


_UNKNOWN = {"nsfw"}


def _verdict(judge: Callable[[], object]) -> str:
    try:
        judge()
    except ValueError as error:
        return f"simcord: {error}"
    return ""
