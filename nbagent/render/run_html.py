"""What a transcript says about the run as a whole: notices above the items, a footer below."""

from html import escape

from nbagent.render.plain_text import cap, duration_text, one_line, visible
from nbagent.transcript.items import QuestionItem, Transcript

MOST_SHARES = 20
"""The tokens of so many participants are told one by one."""

_ENDS = {"running": ("◌", "Running"), "done": ("✓", "Done"), "failed": ("✗", "Failed")}
_ENDS["stopped"] = ("■", "Stopped")


def notices_html(notices: list[str]) -> str:
    """What a reader must be told, a paragraph each."""
    return "".join(
        f'<p class="nbagent-notice"><strong>Note</strong> {_text(notice)}</p>' for notice in notices
    )


def footer_html(transcript: Transcript) -> str:
    """How the run ended, its time, its tokens and why it ended; below it the tokens of each."""
    if not run_facts(transcript):
        return ""
    icon, _ = _ENDS[transcript.state]
    parts = [escape(part, quote=False) for part in run_facts(transcript)]
    shares = [escape(share, quote=False) for share in token_shares(transcript)]
    each = f'<p class="nbagent-shares">Tokens: {" · ".join(shares)}</p>' if shares else ""
    return (
        f'<p class="nbagent-footer nbagent-{transcript.state}">'
        f'<span class="nbagent-icon">{icon}</span> {" · ".join(parts)}</p>{each}'
    )


def run_facts(transcript: Transcript) -> list[str]:
    """How the run ended, its tokens and why it ended, as short plain texts.

    Nothing of a question that stands alone and was answered: the answer says it all.
    """
    alone = len(transcript.items) == 1 and isinstance(transcript.items[0], QuestionItem)
    if alone and transcript.state == "done":
        return []
    facts = [_ENDS[transcript.state][1]]
    seconds = run_seconds(transcript)
    if seconds is not None:
        facts[0] += f" {'in' if transcript.state == 'done' else 'after'} {duration_text(seconds)}"
    usage = transcript.usage
    if usage.prompt_tokens or usage.completion_tokens:
        facts.append(f"{usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out")
    if transcript.stop_reason:
        facts.append(one_line(transcript.stop_reason, 300))
    return facts


def token_shares(transcript: Transcript) -> list[str]:
    """What each participant has spent, the dearest first; empty where it was but one."""
    spent = [
        (source, usage)
        for source, usage in transcript.usage_by_source.items()
        if usage.prompt_tokens or usage.completion_tokens
    ]
    if len(spent) < 2:
        return []
    spent.sort(key=lambda each: -(each[1].prompt_tokens + each[1].completion_tokens))
    shares = [
        f"{one_line(source) or 'unnamed'} {usage.prompt_tokens:,} in, "
        f"{usage.completion_tokens:,} out"
        for source, usage in spent[:MOST_SHARES]
    ]
    if len(spent) > MOST_SHARES:
        shares.append(f"{len(spent) - MOST_SHARES} more")
    return shares


def run_seconds(transcript: Transcript) -> float | None:
    """How long the run took, in seconds; None while it runs."""
    if transcript.started_at is None or transcript.ended_at is None:
        return None
    return max(0.0, (transcript.ended_at - transcript.started_at).total_seconds())


def _text(text: str) -> str:
    return escape(visible(cap(text)[0]), quote=False)
