"""The one exception tree of reportgen.

    ReportgenError                 exit status 2 unless a subclass says otherwise
    |-- UsageError                 a flag, an argument or an API call is wrong
    |   `-- SettingsError          a key of reportgen.toml or REPORTGEN_* is wrong
    |-- NotFoundError              a path, a run or a name does not exist
    |-- UnreadableError            an input exists and cannot be understood
    |   |-- SchemaError            a document is not of the shape its schema gives
    |   |-- NewerVersionError      a document was written by a newer major version
    |   `-- UnsafePathError        a link, a device, or a path that leaves its folder
    |-- LimitError                 a stated limit was hit (exit status 3)
    |-- UnavailableError           something outside is missing, such as git (exit status 3)
    `-- BuildError                 a theme or a page could not be rendered

Only the command line maps these to exit statuses; nothing else reads ``exit_status``.
"""

from __future__ import annotations

from typing import ClassVar


class ReportgenError(Exception):
    """One message in four parts: what went wrong, where, what was expected, what to do.

    Args:
        what: The fault, in the user's terms, without a final full stop.
        where: File, ``file:line`` or key that it concerns.
        expected: What would have been right.
        fix: The next thing to do, as a sentence or a command.
        problem: Stable name (``path.symlink``) under which a tolerant reader lists the fault.
    """

    exit_status: ClassVar[int] = 2

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
        problem: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.fix = fix
        self.problem = problem
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            text += f"; expected {self.expected}"
        if self.fix:
            text += f". {self.fix}"
        return text


class UsageError(ReportgenError):
    """A flag, an argument or an API call is wrong; nothing was done."""


class SettingsError(UsageError):
    """A key of ``reportgen.toml``, ``[tool.reportgen]`` or ``REPORTGEN_*`` is wrong."""


class NotFoundError(ReportgenError):
    """A path, a run or a name does not exist."""


class UnreadableError(ReportgenError):
    """An input exists and cannot be understood."""


class SchemaError(UnreadableError):
    """A document is not of the shape that its schema gives."""


class NewerVersionError(UnreadableError):
    """A document was written by a newer major version of the format."""


class UnsafePathError(UnreadableError):
    """A link, a device, or a path that leaves its folder."""


class LimitError(ReportgenError):
    """A stated limit was hit; what was read up to there may still be used."""

    exit_status: ClassVar[int] = 3


class UnavailableError(ReportgenError):
    """Something outside reportgen is missing, such as git or an optional package."""

    exit_status: ClassVar[int] = 3


class BuildError(ReportgenError):
    """A theme or a page could not be rendered."""
