"""What an output format is: a name, and a module with a pure function from a report to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from reportgen.audit.report import AuditReport


class Format(NamedTuple):
    """An output format.

    Attributes:
        name: As on the command line; its module here has the same name.
        help: What it is for, in a few words.
    """

    name: str
    help: str

    @property
    def render(self) -> Callable[[AuditReport], str]:
        """Returns the report in this format, ended by a newline; loaded when it is asked for."""
        module = import_module(f"reportgen.audit.formats.{self.name}")
        return cast("Callable[[AuditReport], str]", module.render)
