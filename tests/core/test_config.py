import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot import config
from bot.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def _uncommented() -> dict[str, Any]:
    """The example with its optional sections switched on; "# " before a key or a section is the switch."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return tomllib.loads("\n".join(re.sub(r"^# (?=\[|\w+ = )", "", line) for line in lines))


def _leaves(section: BaseModel) -> dict[str, Any]:
    return {field.alias or name: getattr(section, name) for name, field in type(section).model_fields.items()}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("bot", config.BotSection()),
        ("storage", config.StorageSection()),
        ("sources.arxiv", config.ArxivSection()),
        ("sources.biorxiv", config.BiorxivSection()),
        ("sources.huggingface", config.HuggingFaceSection()),
        ("sources.lookup", config.LookupSection()),
        ("llm", config.LlmSection()),
        ("embed", config.EmbedSection()),
        ("slack", config.SlackSection()),
        ("discord", config.DiscordSection()),
        ("server", config.ServerSection()),
    ],
)
def test_the_example_shows_every_key_with_its_default(path: str, model: BaseModel) -> None:
    shown: Any = _uncommented()
    for step in path.split("."):
        shown = shown[step]
    assert shown == _leaves(model)


def test_the_example_shows_every_key_of_a_channel_and_a_feed() -> None:
    shown = _uncommented()
    channel = _leaves(config.ChannelSection(channel="slack:C0123456789"))
    assert shown["channels"][0] == channel | {"timezone": "UTC"}
    assert set(shown["sources"]["feeds"][0]) == {"name", "url"}


def test_every_key_of_the_example_has_a_sentence() -> None:
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if re.match(r"^(# )?\w+ = ", line):
            assert re.search(r'# ["A-Z].*\.$', line), line


def test_no_file_means_all_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(environ={}) == config.Config()


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[bot]\nname = "Otto"\n')
    assert config.load(environ={"PAPERBOY_CONFIG": str(file)}).bot.name == "Otto"


def test_a_mark_that_windows_editors_put_first_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "paperboy.toml"
    file.write_bytes(b'\xef\xbb\xbf[bot]\nname = "Otto"\n')
    assert config.load(file, environ={}).bot.name == "Otto"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[bot]\nnaem = 'x'", 'bot.naem: there is no such key; perhaps you meant "name".'),
        ("[bto]", "bto: there is no such key"),
        ("[bot]\ncommand = 'paper'", 'bot.command: "paper" is no command; write a slash'),
        ("[bot]\nname = ''", "bot.name: this must not be empty"),
        ("[bot]\ntimezone = 'Europe/Berln'", "bot.timezone: "),
        ("[bot]\nchanges = 'all'", "bot.changes: 'all' is not allowed; use 'admins' or 'anyone'."),
        ("[bot]\nadmins = ['U1']", 'bot.admins[0]: "U1" is no person'),
        (
            "[storage]\nurl = 'mysql://x'",
            'storage.url: this is no address of a database; write "sqlite:///FILE"',
        ),
        ("[sources.arxiv]\nmin_interval = '3'", "sources.arxiv.min_interval: this must be a number"),
        ("[sources.arxiv]\ncategories = []", "sources.arxiv.categories: this must not be empty"),
        ("[sources.arxiv]\ncategories = ['Computer Vision']", "is no arXiv category"),
        ("[sources.arxiv]\nfeed_url = 'rss.arxiv.org'", "sources.arxiv.feed_url: "),
        ("[[sources.feeds]]\nurl = 'https://x.org'", "sources.feeds[0].name: this key is needed."),
        ("[llm]\nprovider = 'openai'", "llm.model: name the model"),
        ("[llm]\ndaily_budget_usd = -1.0", "llm.daily_budget_usd: this must be at least 0"),
        ("[slack]\nbot_token_env = 'xoxb-1-2'", "slack.bot_token_env: this names an environment variable"),
        ("[slack]\nmode = 'rtm'", "slack.mode: 'rtm' is not allowed"),
        ("[discord]\ngateway_url = 'https://x'", "discord.gateway_url: "),
        ("[server]\nlisten = '8080'", "server.listen: "),
        ("[[channels]]\nchannel = 'C1'", "channels[0].channel: "),
        ("[[channels]]\nchannel = 'slack:C1'\nat = '25:99'", 'channels[0].at: "25:99" is no time of day'),
        ("[[channels]]\nchannel = 'slack:C1'\nlimit = 0", "channels[0].limit: this must be at least 1"),
        ("[[channels]]\nchannel = 'slack:C1'\ndays = []", "channels[0].days: at least one of"),
        ("[[channels]]\nchannel = 'slack:C1'\ntopics = [' ']", "channels[0].topics[0]: a topic is empty"),
        (
            "[[channels]]\nchannel = 'slack:C1'\ntopics = ['not: x']",
            "channels[0].topics[0]: a topic is empty",
        ),
        (
            f"[[channels]]\nchannel = 'slack:C1'\ntopics = ['a', '{'b ' * 2500}']",
            "channels[0].topics[1]: this may have at most 2000 characters (found 'b b b",
        ),
        (
            "[[channels]]\nchannel = 'slack:C1'\ntopics = [\"a\\u0000b\"]",
            "channels[0].topics[0]: this must be one line of plain text; it holds the character U+0000",
        ),
        (
            "[[channels]]\nchannel = 'slack:C1'\nnot = ['']",
            "channels[0].not[0]: a word to leave out is empty",
        ),
        (
            f"[[channels]]\nchannel = 'slack:C1'\nnot = ['{'b' * 5000}']",
            "channels[0].not[0]: this may have at most 2000 characters",
        ),
        (
            '[bot]\nname = "Otto\\u0000"',
            "bot.name: this must be one line of plain text; it holds the character U+0000",
        ),
        ("[[channels]]\nchannel = 'slack:C1'\n[[channels]]\nchannel = 'slack:C1'", "is listed twice"),
        ("channels = 3", "channels: this must be a list"),
        ("[bot\n", "this is not valid TOML"),
        ("[server]\nlisten = 'x:²'", 'server.listen: "x:²" is no address to listen on'),
        ("[slack]\npublic_url = 'x'", 'slack.public_url: "x" is no http:// or https:// address'),
        ("[bot]\nchanges = true", "bot.changes: true is not allowed; use 'admins' or 'anyone'."),
        ("[bot]\nname = 2026-11-22", "bot.name: this must be text in quotes (found 2026-11-22)."),
    ],
)
def test_each_mistake_is_a_sentence_with_the_key(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "paperboy.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(file, environ={})
    assert sentence in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse({"bot": {"naem": 1}, "server": {"listen": "x"}}, {})
    assert len(caught.value.problems) == 2


def test_a_missing_or_unreadable_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        config.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(tmp_path / "latin.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


def test_a_secret_stands_in_a_variable_or_in_the_file_it_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    assert config.secret("T", {"T": " from-variable "}) == "from-variable"
    assert config.secret("T", {"T_FILE": str(tmp_path / "token")}) == "from-file"
    assert config.secret("T", {}) == ""
    with pytest.raises(ConfigError, match="T_FILE"):
        config.secret("T", {"T_FILE": str(tmp_path / "none")})


def test_writing_a_source_s_section_switches_it_on() -> None:
    read = config.parse({"sources": {"biorxiv": {}, "huggingface": {"enabled": False}}}, {})
    assert read.sources.biorxiv.enabled
    assert not read.sources.huggingface.enabled
