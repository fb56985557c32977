"""What an output format is: a name and a pure function from a report to text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from reportgen.audit.report import AuditReport


class Format(NamedTuple):
    """An output format.

    Attributes:
        name: As on the command line.
        help: What it is for, in a few words.
        render: Returns the report in this format, ended by a newline.
    """

    name: str
    help: str
    render: Callable[[AuditReport], str]
