"""Inputs in the cache of the Hugging Face hub: the folder's own name says which revision it is.

``<cache>/datasets--<owner>--<name>/snapshots/<commit>/<file>``, as huggingface_hub lays it out
(huggingface.co/docs/huggingface_hub/guides/manage-cache); nothing is loaded and nobody asked.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_SNAPSHOT = re.compile(
    r"/(datasets|models|spaces)--([^/]{1,200})/snapshots/([0-9a-f]{40})(?:/([^\n]{1,1000}))?$"
)


def hub_version(path: Path) -> dict[str, Any] | None:
    """Return the version of an input that the hub's client fetched, or None for another.

    Returns:
        ``kind: hf``, ``repository``, ``type``, ``commit``, and ``file`` below it.
    """
    found = _SNAPSHOT.search(Path(os.path.abspath(path)).as_posix())
    if found is None:
        return None
    kind, repository, commit, file = found.groups()
    version = {
        "kind": "hf",
        "repository": repository.replace("--", "/", 1),
        "type": kind.removesuffix("s"),
        "commit": commit,
    }
    return {**version, "file": file} if file else version
