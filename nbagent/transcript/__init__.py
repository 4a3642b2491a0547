"""Transcripts: a run folded into what a reader sees.

`reduce` is the only place where events are correlated: chunks with their message, calls with
their results, answers with their questions. Every display is a function of the transcript.
"""

from nbagent.transcript.items import (
    CodeItem,
    ErrorItem,
    HandoffItem,
    Item,
    LedgerItem,
    MemoryItem,
    MessageItem,
    OtherItem,
    ProgressItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    TeamAtWork,
    ThoughtItem,
    ToolCallItem,
    Transcript,
)
from nbagent.transcript.patches import AppendText, Patch, PutItem, SetRun
from nbagent.transcript.record import Recorder, record, replay, replay_transcript
from nbagent.transcript.reduce import reduce
from nbagent.transcript.run_state import fail, note_work, stop

__all__ = [
    "AppendText",
    "CodeItem",
    "ErrorItem",
    "HandoffItem",
    "Item",
    "LedgerItem",
    "MemoryItem",
    "MessageItem",
    "OtherItem",
    "Patch",
    "ProgressItem",
    "PutItem",
    "QuestionItem",
    "Recorder",
    "SetRun",
    "SpeakerItem",
    "StructuredItem",
    "TeamAtWork",
    "ThoughtItem",
    "ToolCallItem",
    "Transcript",
    "fail",
    "note_work",
    "record",
    "reduce",
    "replay",
    "replay_transcript",
    "stop",
]
