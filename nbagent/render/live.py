"""What a live page shows of a transcript, as operations that a page carries out.

An operation is a list that JSON can hold; its first element is its name. A page keeps the items
in order of their index, and for each item its blocks by their key: the element that shows the
block, and in it the place where text, rows and child blocks go, which is
`element.querySelector("pre > code, tbody") ?? element`. Only the operations below exist, and
they are carried out in order:

`["item", index, html, inner]`
    Put `html`, one element, as item `index`: at the end, or in place of what was there. Without
    `inner` a new one stands at the end of the page, else at the end of that inner run's card.
    Its blocks are gone then. The element with class `nbagent-body`, where there is one, is empty
    and takes the blocks that follow. Where the old and the new element hold a `<details>`, the
    page keeps it as the reader left it, open or closed, unless the new one is open.
`["inner", key, html, parent, call]`
    Put `html`, one element, as the card of inner run `key`: a new key at the end of the card
    of run `parent`, or of the page where that is null; with `call` right after that item
    instead. The `<blockquote>` in it is empty and takes what follows. Of a known key only the
    `<summary>` changes, and whether the card is open, unless the reader has opened or closed it.
`["block", index, key, html, parent]`
    Show `html`, exactly one element, as block `key` of item `index`. A new key: as the last
    child of block `parent`, or of the body where `parent` is null. A known key: in place of its
    element, which then has no child blocks.
`["text", index, key, text]`
    Append plain text to the block's element.
`["rows", index, key, keep, html]`
    Of the rows in the block's table body, keep the first `keep`, remove the rest, and append
    `html`, which is `<tr>` elements.
`["drop", index, key]`
    Remove the block and all blocks inside it.
`["question", index, fields]`
    Item `index` asks a person: show, in its element with class `nbagent-ask`, the controls for
    an answer, and open the inner runs' cards around it. `fields` has the plain values of
    `question_fields()`. It follows the item whenever that is put; where the item asked the same
    question before, the page keeps the controls with what is written in them. Without it the
    question is not open any more. The page answers by the question's `id`.
`["refused", index, message, errors]`
    The answer that the page gave to item `index` does not fit: keep the controls, show why.
    `errors` maps names of fields to texts. Not part of a snapshot.
`["picture", html]`
    Show `html`, one SVG element, while the run goes on, as the picture of the outermost team that
    `teams` of the next status names; the element of its member number n has n in its
    `data-member` attribute. Empty for a team without one, and when the run has ended.
`["status", fields]`
    The run as a whole. `fields` has `state` ("running", "done", "failed" or "stopped"),
    `started_at` (milliseconds since 1970, UTC; null before the first event), `elapsed`
    (seconds; null while the run goes on), `prompt_tokens`, `completion_tokens`, `stop_reason`
    (text or null), `token_shares` and `notices` (lists of plain texts), `teams`, and, as safe
    HTML with the same looks as the saved form, `notices_html` and `footer_html`.
    `token_shares` tells what each participant has spent, where more than one did. `teams` tells
    who is at work while a team runs: a list, outer teams first, of `{"team": name, "members":
    [{"name", "colour", "mark", "working"}]}` with plain texts; `colour` is the number of the
    speaker's colour, 0 before the member has spoken; `mark` is the letter that stands for it, or
    empty; `working` says whether it is the member's turn now.

In a running tool card the element with class `nbagent-elapsed` is empty and has the call's
start in its `datetime` attribute, where it is known; the page counts the seconds in it. All HTML
is safe to insert as it is; text is text. The page's root has the class `nbagent`, and
`nbagent-running` while `state` is "running".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbagent.base.team_shape import TeamShape
from nbagent.render.block_patches import AppendText as AppendBlockText
from nbagent.render.block_patches import BlockPatch, DropBlock, PutBlock, PutRows
from nbagent.render.inner_run_card import inner_run_card
from nbagent.render.inner_runs import InnerRun, InnerRuns
from nbagent.render.item_body import ItemBody, Part, ReadyHtml
from nbagent.render.items_html import INTERRUPTED, item_html
from nbagent.render.plain_text import one_line, visible
from nbagent.render.question_fields import question_fields
from nbagent.render.run_html import footer_html, notices_html, run_seconds, token_shares
from nbagent.render.speakers import Speakers, speaker_letter
from nbagent.render.team_picture import live_picture
from nbagent.transcript.items import Item, MessageItem, TeamAtWork, ThoughtItem, Transcript
from nbagent.transcript.patches import AppendText, Patch, PutItem, SetRun

CHARACTERS_A_FLUSH = 2_000
"""How much Markdown a flush takes in at most, so that neither Python nor the page stutters."""

_LEAST_CHARACTERS = 250
_HTML_A_FLUSH = 64_000


@dataclass
class _Shown:
    """An item as the page has it.

    Attributes:
        item: The item that its shell was made from, or will be.
        body: Its text, where it is Markdown.
        said: The pieces of a growing text; None once it does not grow.
    """

    item: Item
    body: ItemBody | None = None
    said: list[str] | None = None


class LiveRenderer:
    """Turns a transcript's patches into operations on a page.

    `apply()` is cheap and called for each event; `flush()` is called at the page's pace and
    does a bounded amount of work. The module's description lists the operations.

    Args:
        transcript: The transcript that the patches come from, at its present state.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._speakers = Speakers()
        self._shown: list[_Shown] = []
        self._inner = InnerRuns()
        self._due_inner: set[InnerRun] = set()
        self._due: set[int] = set()
        self._unfinished: set[int] = set()
        self._status_due = True
        self._pictured: TeamShape | None = None
        for index, item in enumerate(transcript.items):
            self._put(index, item)

    @property
    def pending(self) -> bool:
        """Whether `flush()` has something to give."""
        return (
            bool(self._due)
            or bool(self._due_inner)
            or self._status_due
            or any(self._body(index).pending for index in self._unfinished)
        )

    def apply(self, patches: Sequence[Patch]) -> None:
        """Take in what `nbagent.transcript.reduce` gave for an event.

        The patches belong to the renderer's transcript and come in order, none left out.
        """
        for patch in patches:
            match patch:
                case AppendText(index, text):
                    said = self._shown[index].said
                    assert said is not None, f"item {index} is not streaming"
                    said.append(text)
                    self._body(index).feed(text)
                case PutItem(index, item):
                    self._put(index, item)
                case SetRun():
                    self._status_due = True
                    if self._transcript.state != "running":
                        self._due_inner.update(self._inner.end())

    def flush(self) -> list[list[Any]]:
        """The operations since the last flush, or as many of them as one frame can take.

        Call it again at the next frame while `pending` holds.
        """
        operations: list[list[Any]] = []
        room = _HTML_A_FLUSH
        for index in sorted(self._due):
            if room <= 0:
                break
            for run in self._inner.around(index):
                if run in self._due_inner:
                    operations.append(self._inner_operation(run))
                    self._due_inner.remove(run)
            put = self._item_operations(index)
            operations += put
            room -= len(put[0][2])
            self._due.remove(index)
        # Those without a due item are on the page.
        put_off = {run for index in self._due for run in self._inner.around(index)}
        for run in sorted(self._due_inner - put_off, key=lambda run: run.key):
            operations.append(self._inner_operation(run))
            self._due_inner.remove(run)
        ready = [
            index for index in sorted(self._unfinished - self._due) if self._body(index).pending
        ]
        for index in ready:
            body = self._body(index)
            limit = max(_LEAST_CHARACTERS, CHARACTERS_A_FLUSH // len(ready))
            operations += [_operation(index, patch) for patch in body.patch(limit)]
            if self._shown[index].said is None and not body.pending:
                self._unfinished.remove(index)
        if self._status_due:
            if self._pictured != self._outermost:
                operations.append(self._picture_operation())
            operations.append(self._status_operation())
            self._status_due = False
        return operations

    def snapshot(self) -> list[list[Any]]:
        """The operations that build, on an empty page, what the flushes so far have built.

        What is still pending comes with the next flush, which may follow a snapshot as well as
        another flush.
        """
        operations: list[list[Any]] = []
        begun = 0
        for index, shown in enumerate(self._shown):
            for run in self._inner.around(index):
                if run.key == begun:
                    operations.append(self._inner_operation(run))
                    begun += 1
            operations += self._item_operations(index)
            if shown.body is not None:
                operations += [_operation(index, patch) for patch in shown.body.snapshot()]
        operations += [self._picture_operation(), self._status_operation()]
        return operations

    def finish(self) -> None:
        """Nothing more comes: end every text that still grows."""
        for index in self._unfinished:
            if self._shown[index].said is not None:
                self._shown[index].said = None
                self._body(index).end()

    def _put(self, index: int, item: Item) -> None:
        if index == len(self._shown):
            self._speakers.colour(item.source)
            self._shown.append(_Shown(item))
            self._due_inner |= self._inner.add(item)
        else:
            self._due_inner |= self._inner.put(index, item)
            if self._continues(index, item):
                return
        shown = self._shown[index] = _Shown(item)
        self._due.add(index)
        self._unfinished.discard(index)
        if isinstance(item, MessageItem) and item.state == "streaming":
            shown.said = [item.text]
            shown.body = ItemBody.growing(item.text)
        elif isinstance(item, MessageItem):
            shown.body = ItemBody([*item.parts, *_ending(item)])
        elif isinstance(item, ThoughtItem):
            shown.body = ItemBody([item.text])
        if shown.body is not None:
            self._unfinished.add(index)

    def _continues(self, index: int, item: Item) -> bool:
        """Take in a newer version of a growing message, if it only adds to what was said.

        The page then keeps what it has: neither the shell nor the text is sent again.
        """
        shown = self._shown[index]
        if shown.said is None or not isinstance(item, MessageItem):
            return False
        if len(item.parts) != 1 or not isinstance(item.parts[0], str):
            return False
        said = "".join(shown.said)
        if not item.parts[0].startswith(said):
            return False
        shown.item = item
        rest = item.parts[0][len(said) :]
        if rest:
            self._body(index).feed(rest)
            shown.said.append(rest)
        if item.state != "streaming":
            shown.said = None
            self._body(index).end(_ending(item))
        return True

    def _body(self, index: int) -> ItemBody:
        body = self._shown[index].body
        assert body is not None, f"item {index} has no text"
        return body

    def _item_operations(self, index: int) -> list[list[Any]]:
        html = item_html(
            self._shown[index].item,
            before=self._inner.speaker_before(index),
            speakers=self._speakers,
            form="live",
        )
        inner = self._inner.of(index)
        place = [] if inner is None else [inner.key]
        operations: list[list[Any]] = [["item", index, html, *place]]
        fields = question_fields(self._shown[index].item)
        if fields is not None:
            operations.append(["question", index, fields])
        return operations

    def _inner_operation(self, run: InnerRun) -> list[Any]:
        works = self._transcript.state == "running" and run.goes_on
        html = inner_run_card(run, self._transcript.items, works=works)
        parent = None if run.parent is None else run.parent.key
        return ["inner", run.key, html, parent, *([] if run.call is None else [run.call])]

    @property
    def _outermost(self) -> TeamShape | None:
        teams = self._transcript.teams
        return teams[0].team if teams else None

    def _picture_operation(self) -> list[Any]:
        self._pictured = self._outermost
        return ["picture", live_picture(self._pictured) if self._pictured else ""]

    def _status_operation(self) -> list[Any]:
        transcript = self._transcript
        started_at = transcript.started_at
        fields = {
            "state": transcript.state,
            "started_at": None if started_at is None else round(started_at.timestamp() * 1000),
            "elapsed": run_seconds(transcript),
            "prompt_tokens": transcript.usage.prompt_tokens,
            "completion_tokens": transcript.usage.completion_tokens,
            "stop_reason": visible(transcript.stop_reason) if transcript.stop_reason else None,
            "teams": [self._team_fields(team) for team in transcript.teams],
            "token_shares": token_shares(transcript),
            "notices": [visible(notice) for notice in transcript.notices],
            "notices_html": notices_html(transcript.notices),
            "footer_html": footer_html(transcript),
        }
        return ["status", fields]

    def _team_fields(self, team: TeamAtWork) -> dict[str, Any]:
        members = [
            {
                "name": one_line(node.name),
                "colour": self._speakers.known(node.name),
                "mark": speaker_letter(node.name),
                "working": node.name in team.working,
            }
            for node in team.team.nodes
        ]
        return {"team": one_line(team.team.name), "members": members}


def _ending(item: MessageItem) -> list[Part]:
    return [ReadyHtml(INTERRUPTED)] if item.state == "interrupted" else []


def _operation(index: int, patch: BlockPatch) -> list[Any]:
    match patch:
        case PutBlock(key, html, parent):
            return ["block", index, key, html, parent]
        case AppendBlockText(key, text):
            return ["text", index, key, text]
        case PutRows(key, keep, html):
            return ["rows", index, key, keep, html]
        case DropBlock(key):
            return ["drop", index, key]
