"""What may stand behind %%agent and %agent."""

import pytest
from IPython.core.error import UsageError

from nbagent.notebook.arguments import AgentArguments, parse_cell, parse_line


def line(text: str) -> AgentArguments:
    return parse_line(text, lambda word: word == "poet")


def test_a_cell_has_a_name_options_and_the_prompt_below() -> None:
    arguments = parse_cell(
        "poet --model openai:gpt-5 --image a.png --image 'my pictures/b.png' --out r --new",
        'Write "a"\n  haiku.\n',
    )
    assert arguments == AgentArguments(
        name="poet",
        model="openai:gpt-5",
        images=["a.png", "my pictures/b.png"],
        out="r",
        new=True,
        prompt='Write "a"\n  haiku.',
    )


@pytest.mark.parametrize("text", ["--new poet", "poet --new", "  --new   poet  "])
def test_options_stand_before_or_behind_the_name(text: str) -> None:
    arguments = parse_cell(text, "x")
    assert (arguments.name, arguments.new) == ("poet", True)


def test_a_value_may_follow_an_equals_sign_and_keeps_backslashes() -> None:
    assert parse_cell(r"--image=C:\pictures\a.png", "x").images == [r"C:\pictures\a.png"]
    assert parse_cell('--image="a b.png" --new', "x").images == ["a b.png"]


@pytest.mark.parametrize(
    "prompt",
    [
        "what is 3 times 4?",
        'what\'s this "thing" (and that',
        "-3 + 5 = ?",
        "use --new in a sentence",
        "team up with me",
        "",
    ],
)
def test_a_line_is_the_prompt_as_it_is_written(prompt: str) -> None:
    assert line(prompt) == AgentArguments(prompt=prompt)


def test_a_line_may_begin_with_options_and_a_known_agent() -> None:
    arguments = line("--new poet --out r write a line --new")
    assert arguments == AgentArguments(name="poet", new=True, out="r", prompt="write a line --new")


def test_files_are_asked_for() -> None:
    arguments = parse_cell("poet --drop --image a.png", "x")
    assert (arguments.drop, arguments.new, arguments.images) == (True, False, ["a.png"])
    assert line("--drop --new say it") == AgentArguments(drop=True, new=True, prompt="say it")
    assert not line("say it").drop


def test_two_dashes_end_the_options_of_a_line() -> None:
    assert line("--new -- --image is an option") == AgentArguments(
        new=True, prompt="--image is an option"
    )


@pytest.mark.parametrize("text", ["--help", "-h", "poet --help"])
def test_help_is_asked_for(text: str) -> None:
    assert parse_cell(text, "").help
    assert line(text).help


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--imge a.png", r"there is no option '--imge'; did you mean --image\?"),
        ("--temperature 3", r"there is no option '--temperature'\."),
        ("--model", r"--model needs a value"),
        ("--model --new", r"--model needs a value"),
        ("--image=", r"--image needs a value"),
        ("--dorp", r"no option '--dorp'; did you mean --drop\?"),
        ("--drop=a.png", r"--drop takes no value"),
        ("--new=yes", r"--new takes no value"),
        ("--out 3x", r"--out '3x': .* give a Python name, for example --out result"),
        ("--out class", r"--out 'class'"),
        ("my-poet", r"'my-poet' cannot be an agent's name: .*, for example my_poet\."),
        ("9lives", r"'9lives' cannot be an agent's name: .*for example agent_9lives\."),
        ("what is this?", r"one agent name, and 'is this\?' follows it.*with %agent"),
        ("poet --new then", r"one agent name, and 'then' follows it"),
    ],
)
def test_a_wrong_line_names_the_value_and_the_usage(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        parse_cell(text, "x")
    assert "\n" not in str(raised.value)
    if "--out" not in text:
        assert "Usage: %%agent [NAME] [--model M]" in str(raised.value)


def test_a_line_that_begins_with_a_wrong_option_is_told_how_to_go_on() -> None:
    with pytest.raises(UsageError, match=r"no option '--verbose'.*Before a prompt .* write --\."):
        line("--verbose output is nice")
