"""The link that invites the bot, and what a token tells."""

import base64
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from adapters.discord_places import application_of, invite, missing


def test_the_invite_asks_for_the_least_that_is_needed() -> None:
    query = parse_qs(urlsplit(invite("1234567890")).query)
    assert query["client_id"] == ["1234567890"]
    assert query["scope"] == ["bot applications.commands"]
    asked = discord.Permissions(int(query["permissions"][0]))
    assert missing(asked) == ""
    assert sorted(name for name, granted in asked if granted) == [
        "attach_files",
        "create_public_threads",
        "read_message_history",
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
    ]


@pytest.mark.parametrize(
    ("token", "application"),
    [
        (base64.b64encode(b"1234567890123456789").decode().rstrip("=") + ".Xy.z", "1234567890123456789"),
        ("", ""),
        ("no token", ""),
        ("abc", ""),
        ("é.x", ""),
    ],
)
def test_a_token_begins_with_the_applications_id(token: str, application: str) -> None:
    assert application_of(token) == application
