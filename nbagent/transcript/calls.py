"""Tool calls and code with what became of them."""

from nbagent.base.inner_run import CALL, TEAM
from nbagent.messages import (
    CodeExecutionEvent,
    CodeGenerationEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from nbagent.transcript.changes import append, base_fields, find, put
from nbagent.transcript.items import (
    CodeItem,
    ToolCallItem,
    Transcript,
)
from nbagent.transcript.patches import Patch
from nbagent.transcript.said import streaming


def take_calls(transcript: Transcript, event: ToolCallRequestEvent) -> list[Patch]:
    """A card for each call that the model asks for."""
    patches: list[Patch] = []
    for number, call in enumerate(event.content):
        item = ToolCallItem(
            **base_fields(event, event.call_key(number)),
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
        )
        patches += append(transcript, item)
    return patches


def take_results(transcript: Transcript, event: ToolCallExecutionEvent) -> list[Patch]:
    """Put what the calls gave on their cards."""
    patches: list[Patch] = []
    for result in event.content:
        index = find(
            transcript,
            lambda item, call_id=result.call_id: (
                isinstance(item, ToolCallItem)
                and item.call_id == call_id
                # An agent that a tool runs may have a call with the same id open.
                and item.call == event.metadata.get(CALL)
                and item.team == event.metadata.get(TEAM, "")
                and item.source == event.source
                and item.state in ("waiting", "running", "denied")
                and item.result is None
            ),
            near_end=False,
        )
        if index is None:
            item = ToolCallItem(
                **base_fields(event), call_id=result.call_id, name=result.name, arguments=""
            )
            patches += append(transcript, item)
            index = len(transcript.items) - 1
        call = transcript.items[index]
        assert isinstance(call, ToolCallItem)
        duration = result.duration
        if duration is None and call.at is not None:
            duration = max(0.0, (event.created_at - call.at).total_seconds())
        denied = call.approval is not None and call.approval.approved is False
        update = {
            "result": result.content,
            "state": "denied" if denied else "failed" if result.is_error else "done",
            "duration": duration,
            "images": tuple(result.images or ()),
        }
        patches += put(transcript, index, call.model_copy(update=update))
    return patches


def take_code(transcript: Transcript, event: CodeGenerationEvent) -> list[Patch]:
    """A card for code that is about to run."""
    patches: list[Patch] = []
    growing = streaming(transcript, event, event.id)
    if growing is not None:
        written = transcript.items[growing].model_copy(update={"state": "done"})
        patches += put(transcript, growing, written)
    item = CodeItem(
        **base_fields(event), blocks=tuple(event.code_blocks), retry_attempt=event.retry_attempt
    )
    return patches + append(transcript, item)


def take_code_output(transcript: Transcript, event: CodeExecutionEvent) -> list[Patch]:
    """Put what the code printed on its card."""
    index = find(
        transcript,
        lambda item: (
            isinstance(item, CodeItem) and item.state == "running" and item.source == event.source
        ),
    )
    update = {
        "output": event.result.output,
        "exit_code": event.result.exit_code,
        "state": "failed" if event.result.exit_code else "done",
    }
    if index is None:
        item = CodeItem(**base_fields(event), blocks=(), retry_attempt=event.retry_attempt)
        return append(transcript, item.model_copy(update=update))
    return put(transcript, index, transcript.items[index].model_copy(update=update))
