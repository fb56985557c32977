"""Text that is fit for a terminal, whatever a run, a repository or a file name holds.

Data may carry control sequences (a window title, a clipboard write, an overprinted line)
and bidirectional overrides that show one text while meaning another. They are shown as
visible escapes instead. One line stays one line, so that data never starts a line of a
log in which a service looks for commands.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

# C0, DEL and C1 controls; bidirectional marks, embeddings, overrides and isolates; line and
# paragraph separators; what has no width; halves of surrogate pairs; tag characters.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def one_line(text: str) -> str:
    """Return ``text`` on one line, with everything that a terminal might obey made visible."""
    return _UNFIT.sub(_escape, text)


def printable(text: str) -> str:
    """Return ``text`` with its line feeds and tabs kept and everything else as ``one_line``."""
    return _UNFIT.sub(lambda match: match[0] if match[0] in "\n\t" else _escape(match), text)


def use_color(stream: TextIO) -> bool:
    """Whether to colour what goes to ``stream``.

    ``NO_COLOR`` set to anything forbids it, ``FORCE_COLOR`` asks for it, else it takes a
    terminal that is not ``dumb``.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
