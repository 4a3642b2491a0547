"""What a model can do, and what to assume of a model that nobody described."""

import re
from typing import ClassVar, Literal, TypeAlias

from typing_extensions import NotRequired, Required, TypedDict


class ModelFamily:
    """Names of model families, and questions about them.

    Any other text is the name of a family too. The names here are AgentChat's own, its spelling
    of `CODESRAL` included.
    """

    GPT_5: ClassVar[Literal["gpt-5"]] = "gpt-5"
    GPT_41: ClassVar[Literal["gpt-41"]] = "gpt-41"
    GPT_45: ClassVar[Literal["gpt-45"]] = "gpt-45"
    GPT_4O: ClassVar[Literal["gpt-4o"]] = "gpt-4o"
    O1: ClassVar[Literal["o1"]] = "o1"
    O3: ClassVar[Literal["o3"]] = "o3"
    O4: ClassVar[Literal["o4"]] = "o4"
    GPT_4: ClassVar[Literal["gpt-4"]] = "gpt-4"
    GPT_35: ClassVar[Literal["gpt-35"]] = "gpt-35"
    R1: ClassVar[Literal["r1"]] = "r1"
    GEMINI_1_5_FLASH: ClassVar[Literal["gemini-1.5-flash"]] = "gemini-1.5-flash"
    GEMINI_1_5_PRO: ClassVar[Literal["gemini-1.5-pro"]] = "gemini-1.5-pro"
    GEMINI_2_0_FLASH: ClassVar[Literal["gemini-2.0-flash"]] = "gemini-2.0-flash"
    GEMINI_2_5_PRO: ClassVar[Literal["gemini-2.5-pro"]] = "gemini-2.5-pro"
    GEMINI_2_5_FLASH: ClassVar[Literal["gemini-2.5-flash"]] = "gemini-2.5-flash"
    CLAUDE_3_HAIKU: ClassVar[Literal["claude-3-haiku"]] = "claude-3-haiku"
    CLAUDE_3_SONNET: ClassVar[Literal["claude-3-sonnet"]] = "claude-3-sonnet"
    CLAUDE_3_OPUS: ClassVar[Literal["claude-3-opus"]] = "claude-3-opus"
    CLAUDE_3_5_HAIKU: ClassVar[Literal["claude-3-5-haiku"]] = "claude-3-5-haiku"
    CLAUDE_3_5_SONNET: ClassVar[Literal["claude-3-5-sonnet"]] = "claude-3-5-sonnet"
    CLAUDE_3_7_SONNET: ClassVar[Literal["claude-3-7-sonnet"]] = "claude-3-7-sonnet"
    CLAUDE_4_OPUS: ClassVar[Literal["claude-4-opus"]] = "claude-4-opus"
    CLAUDE_4_SONNET: ClassVar[Literal["claude-4-sonnet"]] = "claude-4-sonnet"
    LLAMA_3_3_8B: ClassVar[Literal["llama-3.3-8b"]] = "llama-3.3-8b"
    LLAMA_3_3_70B: ClassVar[Literal["llama-3.3-70b"]] = "llama-3.3-70b"
    LLAMA_4_SCOUT: ClassVar[Literal["llama-4-scout"]] = "llama-4-scout"
    LLAMA_4_MAVERICK: ClassVar[Literal["llama-4-maverick"]] = "llama-4-maverick"
    CODESRAL: ClassVar[Literal["codestral"]] = "codestral"
    OPEN_CODESRAL_MAMBA: ClassVar[Literal["open-codestral-mamba"]] = "open-codestral-mamba"
    MISTRAL: ClassVar[Literal["mistral"]] = "mistral"
    MINISTRAL: ClassVar[Literal["ministral"]] = "ministral"
    PIXTRAL: ClassVar[Literal["pixtral"]] = "pixtral"
    UNKNOWN: ClassVar[Literal["unknown"]] = "unknown"

    ANY: TypeAlias = str

    @staticmethod
    def is_claude(family: str) -> bool:
        """Whether the family is one of Anthropic's."""
        return family.startswith("claude")

    @staticmethod
    def is_gemini(family: str) -> bool:
        """Whether the family is one of Google's Gemini models."""
        return family.startswith("gemini")

    @staticmethod
    def is_openai(family: str) -> bool:
        """Whether the family is one of OpenAI's."""
        return bool(re.match(r"gpt-|o\d", family))

    @staticmethod
    def is_llama(family: str) -> bool:
        """Whether the family is one of Meta's Llama models."""
        return family.startswith("llama")

    @staticmethod
    def is_mistral(family: str) -> bool:
        """Whether the family is one of Mistral's."""
        return bool(re.match(r"(mistral|codestral|ministral|pixtral|open-)", family))


class ModelCapabilities(TypedDict):
    """The older, smaller form of `ModelInfo`."""

    vision: Required[bool]
    function_calling: Required[bool]
    json_output: Required[bool]


class ModelInfo(TypedDict):
    """What a model can do.

    Keys:
        vision: It takes pictures.
        function_calling: It calls tools.
        json_output: It can be held to JSON.
        family: Its family, such as "gpt-5"; "unknown" where that does not matter.
        structured_output: It can be held to a JSON schema.
        multiple_system_messages: It takes system messages that are not all at the start.
    """

    vision: Required[bool]
    function_calling: Required[bool]
    json_output: Required[bool]
    family: Required[str]
    structured_output: Required[bool]
    multiple_system_messages: NotRequired[bool | None]


def validate_model_info(model_info: ModelInfo) -> None:
    """Check that `model_info` has every key it needs.

    Raises:
        ValueError: A key is missing; the message names it.
    """
    required = ("vision", "function_calling", "json_output", "family", "structured_output")
    missing = [key for key in required if key not in model_info]
    if missing:
        raise ValueError(
            f"model_info lacks {', '.join(map(repr, missing))}. It needs "
            + ", ".join(map(repr, required))
            + "."
        )


# Known exceptions to the assumption that a model of today can do everything: patterns for the
# start of a model's name, without any "provider/" before it. `re` compiles them on first use.
_TEXT_ONLY = (
    r"gpt-3\.5|gpt-4(-\d{4}(-preview)?|-32k.*)?$|o1-mini|o1-preview|o3-mini"
    r"|deepseek|r1|codestral|mistral-7b|mixtral|llama-?(2|3(\.[013])?)([:-]|$)(?!.*vision)"
    r"|phi-?[34]([:-]|$)|qwen[\d.]*([:-](?!vl)|$)|smollm"
)
_NO_TOOLS = r"o1-mini|o1-preview|gpt-3\.5-turbo-instruct|llava|smollm"
_NO_JSON = r"o1-mini|o1-preview"
_NO_SCHEMA = r"gpt-3\.5|gpt-4(-|$)(?!o)|gpt-4o-2024-05-13|o1-mini|o1-preview"
_FAMILIES = (
    (r"gpt-?5", ModelFamily.GPT_5),
    (r"gpt-?4\.1", ModelFamily.GPT_41),
    (r"gpt-?4\.5", ModelFamily.GPT_45),
    (r"(chat)?gpt-?4o", ModelFamily.GPT_4O),
    (r"gpt-?4", ModelFamily.GPT_4),
    (r"gpt-?3\.?5", ModelFamily.GPT_35),
    (r"o1", ModelFamily.O1),
    (r"o3", ModelFamily.O3),
    (r"o4", ModelFamily.O4),
    (r"(deepseek-)?r1", ModelFamily.R1),
    (r"(claude|gemini|llama|mistral|codestral|ministral|pixtral)[\w.-]*", None),
)


def assume_model_info(model: str) -> ModelInfo:
    """What a model of this name can probably do.

    Any name is accepted: an unknown model is assumed to take pictures and tools and to keep
    to a schema, as models of today do, so that a new model works on the day it appears. Pass
    `model_info` to the client where that is wrong.

    Args:
        model: The model's name, with or without a provider's prefix ("openai/gpt-5").
    """
    name = model.rsplit("/", 1)[-1].lower()
    family = "unknown"
    for pattern, known in _FAMILIES:
        match = re.match(pattern, name)
        if match:
            family = known or match.group(0)
            break
    return ModelInfo(
        vision=not re.match(_TEXT_ONLY, name),
        function_calling=not re.match(_NO_TOOLS, name),
        json_output=not re.match(_NO_JSON, name),
        family=family,
        structured_output=not re.match(_NO_SCHEMA, name),
        multiple_system_messages=True,
    )
