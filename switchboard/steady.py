"""A process that has loaded what it serves from."""

from __future__ import annotations

import gc

# Objects made and not yet freed before the youngest are looked through. Python's own 700 come several times a message.
YOUNG = 20_000


def settle() -> None:
    """Look for garbage among what comes after this alone: a model and its libraries live as long as the process.

    They are some hundred thousand objects, and Python goes through all of them again and again, in the middle of
    somebody's message. What an earlier call set aside is looked at once more, so that a model that was replaced goes.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
