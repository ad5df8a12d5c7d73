import pytest

from bot.commands.call import Call, days, parse
from bot.commands.handler import RUNS
from bot.commands.table import INFOS, TABLE
from bot.domain import ChannelId, Request, UserId
from bot.errors import UsageError


def _parse(text: str) -> Call:
    return parse(Request(ChannelId("terminal:main"), UserId("terminal:ada"), text), TABLE)


def test_every_listed_command_runs_and_every_running_one_is_listed() -> None:
    assert set(RUNS) == {info.name for info in INFOS}


def test_words_and_options_are_told_apart() -> None:
    call = _parse("topic gaussian splatting | 3DGS not: survey, slam since:30d")
    assert call.words == "gaussian splatting | 3DGS"
    assert call.options == {"not": "survey, slam", "since": "30d"}


def test_an_option_in_the_middle_gives_the_words_behind_it_back() -> None:
    call = _parse("search since:1y radiance author:kerbl fields")
    assert call.words == "radiance fields"
    assert call.options == {"since": "1y", "author": "kerbl"}


def test_a_value_in_quotes_keeps_its_spaces() -> None:
    assert _parse('search nerf author:"van der Berg"').options == {"author": "van der Berg"}


def test_the_command_s_own_name_may_be_written_before_it() -> None:
    assert _parse("/paper help topic").words == "topic"
    assert _parse("").info.name == "help"


def test_an_unknown_command_is_answered_with_the_nearest_and_the_way_to_help() -> None:
    with pytest.raises(UsageError, match=r"/paper topic") as caught:
        _parse("toppic gaussian splatting")
    assert "/paper help" in str(caught.value)


def test_a_command_of_10000_characters_is_refused() -> None:
    with pytest.raises(UsageError, match="10,006 characters"):
        _parse("topic " + "x" * 10_000)


@pytest.mark.parametrize(("value", "number"), [("7d", 7), ("2w", 14), ("3m", 90), ("1y", 365), ("10", 10)])
def test_spans_of_time(value: str, number: int) -> None:
    assert days(value) == number


@pytest.mark.parametrize("value", ["", "soon", "0d", "99y", "-3d"])
def test_an_impossible_span_is_named(value: str) -> None:
    with pytest.raises(UsageError, match=value or "write 7d"):
        days(value)


def test_usage_and_example_of_every_command_parse_to_it() -> None:
    for info in INFOS:
        assert info.usage.startswith(f"/paper {info.name}")
        assert _parse(info.example).info.name == info.name
