"""The command table and the forms on Discord: pure, and taken by both judges."""

import pytest
from simcord.backend import Backend
from simcord.components import validate_modal

from adapters.discord_commands import about, definitions, focused, same, typed
from adapters.discord_forms import ASK, QUESTION, Opening, modal, openers, opening, parts, values
from bot import doc as d
from bot.commands.call import parse
from bot.commands.table import INFOS, LISTED, TABLE
from bot.domain import Channel, ChannelId, CommandInfo, Option, Request, UserId
from bot.views.channels import schedule_form, settings_form
from bot.views.status import help_page
from tests.fakes.discord_forms import check_commands, check_modal
from tests.fakes.discord_rules import Json
from tests.fakes.discord_stories import command_data, modal_data

CHANNEL = Channel(ChannelId("discord:1"))
FORMS = [schedule_form(CHANNEL), settings_form(CHANNEL), QUESTION]


def registered() -> list[Json]:
    """The commands as Discord gives them back: with ids, and defaults of its own."""
    return [{**one, "id": "1", "version": "2", "nsfw": False} for one in definitions(INFOS, "/paper")]


def test_the_whole_table_is_taken() -> None:
    made = definitions(INFOS, "/paper")
    check_commands(made)
    assert len(Backend().register_commands(None, made)) == 2
    verbs = made[0]["options"]
    assert len(verbs) <= 25
    assert [one["name"] for one in verbs] == [info.name for info in LISTED]
    assert made[0]["name"] == "paper"


def test_what_help_shows_can_be_typed_and_nothing_else() -> None:
    (rows,) = [block for block in help_page(LISTED, "/paper", "Paperboy") if isinstance(block, d.Bullets)]
    shown = [row[0].text.split()[1] for row in rows.items]
    assert shown == [one["name"] for one in definitions(INFOS, "/paper")[0]["options"]]


def test_it_is_told_again_only_when_something_changed() -> None:
    ours = definitions(INFOS, "/paper")
    assert same(ours, registered())
    assert same(ours, list(reversed(registered())))
    assert not same(definitions(INFOS[1:], "/paper"), registered())
    assert not same(definitions(INFOS, "/papers"), registered())
    reworded = (CommandInfo("help", "Other words.", "", "", INFOS[0].options), *INFOS[1:])
    assert not same(definitions(reworded, "/paper"), registered())


@pytest.mark.parametrize("info", LISTED, ids=lambda info: info.name)
def test_every_example_reaches_the_core_as_it_is_written(info: CommandInfo) -> None:
    """What a person types after Discord's slash means the same to the core as the line itself."""
    data = command_data(info.example, registered())

    def meaning(line: str) -> tuple[str, str, dict[str, str]]:
        request = Request(ChannelId("discord:1"), UserId("discord:2"), line)
        call = parse(request, TABLE)
        return call.info.name, call.words, dict(call.options)

    plain = meaning(info.example)
    chosen = meaning(typed(data, INFOS))
    assert chosen[0] == plain[0]
    told = " ".join([chosen[1], *chosen[2].values()]).split()
    assert sorted(told) == sorted(" ".join([plain[1], *plain[2].values()]).split())


def test_options_of_several_words_keep_together() -> None:
    info = CommandInfo(
        "search", "s", "", "", (Option("words", "w", True), Option("author", "a", lead="author:"))
    )
    options = [
        {"name": "author", "value": 'Ada "L" Lovelace'},
        {"name": "words", "value": "radiance\nfields"},
    ]
    data = {"options": [{"name": "search", "options": options}]}
    assert typed(data, [info]) == 'search radiance fields author:"Ada L Lovelace"'


def test_a_command_that_is_no_longer_in_the_table_still_reaches_the_core() -> None:
    data = {"options": [{"name": "gone", "options": [{"name": "x", "value": "y"}]}]}
    assert typed(data, INFOS) == "gone y"
    assert typed({"name": "paper"}, INFOS) == ""


def test_what_is_being_typed() -> None:
    data = command_data("/paper show 2308", registered(), focus="id")
    assert focused(data) == ("id", "2308")
    assert focused({"options": [{"name": "show", "options": []}]}) == ("", "")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"content": "see (https://arxiv.org/abs/2308.04079)."}, "see (https://arxiv.org/abs/2308.04079)."),
        (
            {"components": [{"type": 17, "components": [{"type": 10, "content": "[T](<https://a.org>)"}]}]},
            "[T](<https://a.org>)",
        ),
        ({"embeds": [{"url": "https://doi.org/10.1/x", "title": "T"}]}, "https://doi.org/10.1/x\nT\n"),
        (
            {"message_snapshots": [{"message": {"content": "see https://arxiv.org/abs/1"}}]},
            "see https://arxiv.org/abs/1",
        ),
        ({}, ""),
    ],
)
def test_what_a_message_says_to_somebody_who_points_at_it(message: Json, words: str) -> None:
    assert about(message) == words.strip()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)
def test_every_part_of_every_form_is_taken(form: d.Form) -> None:
    for part in range(parts(form)):
        made = modal(form, part)
        check_modal(made)
        validate_modal(made)


def test_a_form_comes_back_as_it_was_shown() -> None:
    shown: dict[str, str] = {}
    form = settings_form(CHANNEL)
    for part in range(parts(form)):
        shown |= values(modal_data(modal(form, part), {}))
    assert shown["limit"] == "5"
    assert shown["days"] == "mon,tue,wed,thu,fri"
    assert set(shown) == {field.name for field in form.fields}


def test_what_was_entered_before_is_in_the_form_again() -> None:
    entered = {"at": "25:99", "days": "fri"}
    rows = modal(schedule_form(CHANNEL), 0, entered)["components"]
    by_name = {row["component"]["custom_id"]: row["component"] for row in rows}
    assert by_name["at"]["value"] == "25:99"
    assert [one["value"] for one in by_name["days"]["options"] if one.get("default")] == ["fri"]


def test_every_limit_of_a_modal_is_kept() -> None:
    many = tuple(d.Choice(f"zone {n}", f"{n}") for n in range(60))
    fields = (
        d.Input("a", "label " * 20, "x" * 4000, "hint " * 40, lines=3, required=True),
        d.Select("b", "zone", many, ("3",)),
        d.Select("c", "none", ()),
        d.Select("d", "one", many[:2]),
    )
    made = modal(d.Form("title " * 20, "settings", fields))
    check_modal(made)
    validate_modal(made)
    assert [row["component"]["type"] for row in made["components"]] == [4, 4, 4, 3]


def test_the_buttons_of_a_form_say_which_part_they_open() -> None:
    form = settings_form(CHANNEL)
    wanted = [Opening("settings", 0), Opening("settings", 1)]
    assert [opening(one.command) for one in openers(form)] == wanted
    assert [opening(modal(form, part)["custom_id"]) for part in (0, 1)] == wanted
    again = Opening("settings", 1, again=True)
    assert opening(again.id) == again
    assert opening("show 2308.04079") == Opening("show 2308.04079")
    assert opening(ASK) == Opening(ASK)
    assert openers(d.Form("t", "x" * 98, ())) == ()


def test_what_a_modal_cannot_hold_is_left_out_and_stays_as_it_is() -> None:
    """Shown cut, it would be saved cut."""
    topics = "gaussian splatting of rooms and streets\n" * 120
    fields = (d.Input("topics", "Topics", topics, lines=5), d.Input("at", "Time", "09:00"))
    made = modal(d.Form("Settings", "settings", fields, typed="/paper follow"))
    check_modal(made)
    assert [row["component"]["custom_id"] for row in made["components"] if "component" in row] == ["at"]
    assert "“Topics” has grown too long" in str(made["components"])
