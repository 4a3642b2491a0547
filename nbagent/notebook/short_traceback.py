"""Errors that the transcript already shows need no forty lines below it."""

from functools import partial


def shorten_traceback(error: BaseException) -> None:
    """Let IPython show `error` in two lines, the first time.

    The error stays what it is; only how IPython prints it changes, and only once: `%tb` then
    gives the full traceback.
    """
    try:
        # The hook by which IPython lets an exception render itself.
        error._render_traceback_ = partial(_render_once, error)  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return  # an exception that takes no attributes is shown in full


def _render_once(error: BaseException) -> list[str]:
    del error._render_traceback_  # type: ignore[attr-defined]
    message = str(error).strip()
    name = type(error).__name__
    first = f"{name}: {message}" if message else name
    return [first, "The run ended here; %tb shows the full traceback."]
