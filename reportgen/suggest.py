"""Which known name was probably meant by an unknown one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence naming the known names nearest to ``word``, or all of them if none is near."""
    import difflib  # here, because only a mistake needs it

    names = list(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known: {', '.join(names)}."
