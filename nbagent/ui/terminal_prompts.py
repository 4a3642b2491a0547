"""Each kind of question as it is asked in a terminal, except for forms."""

from typing import Any

from nbagent.questions import YES_NO, InvalidAnswerError, NobodyToAskError, Question
from nbagent.render.arguments import pretty_arguments
from nbagent.ui.dialogue import Dialogue, numbered, picked, prompt_with_default, yes_or_no

_TEXT_PROMPT = "Enter your response: "


async def ask_text(dialogue: Dialogue, question: Question) -> str | None:
    """Ask for one line; None takes the default."""
    default = str(question.default) if question.has_default else None
    prompt = prompt_with_default(question.prompt or _TEXT_PROMPT, default)
    line = await dialogue.line(dialogue.named(prompt))
    return None if not line and question.has_default else line


async def ask_choice(dialogue: Dialogue, question: Question) -> str | None:
    """Ask for one of the choices; None takes the default."""
    if question.choices == YES_NO:
        return await _ask_yes_no(dialogue, question)
    if question.prompt or dialogue.named(""):
        dialogue.say(dialogue.named(question.prompt))
    dialogue.say(numbered(question.choices))
    default = str(question.default) if question.has_default else None
    line = await dialogue.line(prompt_with_default("Number or text:", default))
    if not line and question.has_default:
        return None
    return picked(question.choices, line)


async def _ask_yes_no(dialogue: Dialogue, question: Question) -> str | None:
    keys = "y/n"
    if question.has_default:
        keys = "Y/n" if question.default else "y/N"
    prompt = prompt_with_default(question.prompt or _TEXT_PROMPT, keys)
    line = await dialogue.line(dialogue.named(prompt))
    if not line and question.has_default:
        return None
    return YES_NO[0] if yes_or_no(line) else YES_NO[1]


async def ask_approval(dialogue: Dialogue, question: Question) -> dict[str, Any]:
    """Show the exact call or code, and ask whether it may run."""
    call = question.call
    dialogue.say(dialogue.named(question.prompt or "May this run?"))
    if call is not None:
        dialogue.show_exactly(f"{call.name}\n{pretty_arguments(call.arguments)}")
    for block in question.code:
        dialogue.show_exactly(f"({block.language})\n{block.code}" if block.language else block.code)
    # What was typed before this could be read approves nothing.
    dialogue.drop_typed()
    keys = "[a]pprove, [d]eny"
    if call is not None:
        keys += ", approve for this [r]un"
    typed = (await dialogue.line(f"{keys}: ")).strip().casefold()
    if typed in ("a", "approve"):
        return {"approved": True}
    if typed in ("r", "run") and call is not None:
        return {"approved": True, "for_run": True}
    if typed not in ("d", "deny"):
        raise InvalidAnswerError("Type one of the letters in brackets.")
    try:
        reason = await dialogue.line("Reason, for the model (may be empty): ")
    except (NobodyToAskError, InvalidAnswerError):
        reason = ""  # denied it is, with or without
    return {"approved": False, "reason": reason}
