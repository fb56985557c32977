"""What a recorded patch may do, read from its text before git is given it.

git itself refuses paths that leave the tree, that lie in ``.git`` or behind a link. Here is what
git would accept and a replay does not: links and submodules, which turn later writes elsewhere;
renames, which no recorded patch holds; and binary parts that claim more bytes than a patch keeps.
"""

from __future__ import annotations

import re

from reportgen.errors import UsageError
from reportgen.runs import layout

BINARY_BYTES = 256 * 2**20
"""A part of a patch that says it is larger is refused before it is unpacked."""

_LINK = re.compile(
    rb"(?m)^(?:new file mode|new mode) 1[26]0000|^index [0-9a-f]+\.\.[0-9a-f]+ 1[26]0000"
)
_RENAME = re.compile(rb"(?m)^(?:rename|copy) (?:from|to) ")
_BINARY = re.compile(rb"(?m)^(?:literal|delta) (\d{1,20})\r?$")


def check_patch(patch: bytes, *, allow_links: bool = False) -> None:
    """Refuse a patch that does what no replay needs.

    Args:
        patch: The content of git_diff.patch.
        allow_links: Links and submodules are wanted.

    Raises:
        UsageError: It is refused; nothing was written.
    """
    if _RENAME.search(patch):
        raise _refused("renames or copies files", "a patch as `start_run` writes it")
    sizes = (int(size) for size in _BINARY.findall(patch))
    if (largest := max(sizes, default=0)) > BINARY_BYTES:
        raise _refused(f"claims a file of {largest} bytes", f"at most {BINARY_BYTES}")
    if not allow_links and _LINK.search(patch):
        raise _refused(
            "makes links or submodules", "plain files", "Read it, then pass --allow-links"
        )


def _refused(what: str, expected: str, fix: str | None = None) -> UsageError:
    return UsageError(what, where=layout.PATCH, expected=expected, fix=fix)
