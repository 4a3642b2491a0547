"""What is assumed of a model that nobody described."""

import pytest

from nbagent.models import ModelFamily
from nbagent.models.model_info import assume_model_info

ABILITIES = ("vision", "function_calling", "json_output", "structured_output")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-5", ModelFamily.GPT_5),
        ("gpt-5.2-2026-01-31", ModelFamily.GPT_5),
        ("openai/gpt-5.1-codex-mini", ModelFamily.GPT_5),
        ("gpt-4.1-nano", ModelFamily.GPT_41),
        ("chatgpt-4o-latest", ModelFamily.GPT_4O),
        ("o3-pro", ModelFamily.O3),
        ("o4-mini-deep-research", ModelFamily.O4),
        ("claude-9-opus", "claude-9-opus"),
        ("models/gemini-4-flash", "gemini-4-flash"),
        ("brand-new-9", ModelFamily.UNKNOWN),
        ("", ModelFamily.UNKNOWN),
    ],
)
def test_an_unknown_model_can_do_what_models_of_today_can(model: str, family: str) -> None:
    info = assume_model_info(model)
    assert {ability: info[ability] for ability in ABILITIES} == dict.fromkeys(ABILITIES, True)
    assert info["family"] == family


@pytest.mark.parametrize(
    ("model", "cannot"),
    [
        ("gpt-3.5-turbo", {"vision", "structured_output"}),
        ("gpt-4", {"vision", "structured_output"}),
        ("o1-mini", set(ABILITIES)),
        ("o3-mini", {"vision"}),
        ("deepseek-chat", {"vision"}),
        ("deepseek-r1:8b", {"vision"}),
        ("llama3.1:8b", {"vision"}),
        ("llava:13b", {"function_calling"}),
    ],
)
def test_what_older_models_cannot_do_is_known(model: str, cannot: set[str]) -> None:
    info = assume_model_info(model)
    assert {ability for ability in ABILITIES if not info[ability]} == cannot
