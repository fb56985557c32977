"""The ids of all checks that the standard publishes, for tests of what names them."""

from __future__ import annotations

import re
from pathlib import Path

from reportgen.audit.registry import CHECKS_BY_ID

CATEGORIES = "hyperparameters|metrics|artifacts|code|environment"
_STANDARD = Path(__file__).resolve().parents[1] / "docs" / "run-folder.md"


def check_ids() -> set[str]:
    """Return every id of the standard's table, each of which the auditor has or will have.

    As soon as the auditor has them all, its own list is the one that counts.
    """
    text = _STANDARD.read_text(encoding="utf-8")
    table = text[text.index("## Which file a check reads") :]
    category, found = "", set(CHECKS_BY_ID)
    for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE):
        for name in re.findall(r"`([a-z.-]+)`", row):
            first, dot, _ = name.partition(".")
            category = first if dot else category
            found.add(name if dot else f"{category}.{name}")
    return set(CHECKS_BY_ID) if len(CHECKS_BY_ID) >= len(found) else found


def named_in(text: str) -> set[str]:
    """Return what a text names in the form of a check's id."""
    return set(re.findall(rf"\b(?:{CATEGORIES})\.[a-z]+(?:-[a-z]+)+\b", text))
