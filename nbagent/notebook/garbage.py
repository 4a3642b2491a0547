"""Keeps Python's garbage collector short while a run is shown."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

_open = 0


@contextmanager
def only_new_garbage() -> Generator[None]:
    """Let the collector look only at what comes into being inside.

    A full collection goes through every object of the kernel: some 50 ms with the packages of
    a usual notebook, in which no text appears and no Stop is heard. What was there before is
    looked through again afterwards; only what was there before and is a cycle that nobody uses
    any more waits until then. Blocks may overlap.
    """
    global _open
    if _open == 0 and gc.get_freeze_count() > 0:
        yield  # somebody else has set objects aside, and must not get them back unasked
        return
    if _open == 0:
        gc.freeze()
    _open += 1
    try:
        yield
    finally:
        _open -= 1
        if _open == 0:
            gc.unfreeze()
