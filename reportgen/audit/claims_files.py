"""The files of a repository that quote results, as the policy names them: read where they lie.

Results are quoted after the run, so it is the files of now that count, not those of the commit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.audit.interface import AuditContext
from reportgen.errors import ReportgenError, UnavailableError
from reportgen.fs.regular import read_regular

if TYPE_CHECKING:
    from reportgen.runs.claims import Claim, Claims, Loose

_BYTES = 2 * 2**20
_BYTES_IN_ALL = 16 * 2**20
_FILES = 200


@dataclass(frozen=True, slots=True)
class ClaimsFile:
    """A file with at least one link.

    Attributes:
        path: From the top of the repository.
        claims: What it claims.
    """

    path: str
    claims: Claims


def claims_files(context: AuditContext) -> tuple[ClaimsFile, ...]:
    """Return the files of the policy's patterns that quote a run or a group, read once an audit.

    Links, folders and files over 2 MiB are not read, nor any more after 16 MiB in all.

    Raises:
        UnavailableError: The run lies in no repository.
    """
    top = context.repository.top
    if top is None:
        raise UnavailableError("the run lies in no repository")
    patterns = context.policy.claims
    return context.repository.remembered(
        ("claims", *patterns), lambda: tuple(_read_all(top, patterns))
    )


def _read_all(top: Path, patterns: Sequence[str]) -> Iterator[ClaimsFile]:
    left = _BYTES_IN_ALL
    for path in dict.fromkeys(path for pattern in patterns for path in _matching(top, pattern)):
        try:
            data = read_regular(top, path, limit=min(_BYTES, left))
        except (ReportgenError, OSError):
            continue
        left -= len(data)
        if b"{{" not in data:
            continue
        from reportgen.runs.claims import read_claims  # costly to import, and few make claims

        text = data.decode("utf-8", "replace")
        claims = read_claims(text, tex=path.lower().endswith(".tex"))
        if claims.claims or claims.malformed:
            yield ClaimsFile(path, claims)


def _matching(top: Path, pattern: str) -> list[str]:
    """Return the files in one folder whose names match; only the last part may be a pattern."""
    folder, _, name = pattern.rpartition("/")
    try:
        with os.scandir(top / folder) as listing:
            names = sorted(one.name for one in listing if fnmatchcase(one.name, name))
    except OSError:
        return []
    return [f"{folder}/{one}" if folder else one for one in names[:_FILES]]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A claim and the file it stands in."""

    file: ClaimsFile
    claim: Claim

    @property
    def place(self) -> str:
        """Return file and line: ``README.md:12``."""
        return f"{self.file.path}:{self.claim.line}"


def claims_of_run(context: AuditContext) -> list[Quoted]:
    """Return the claims of the run itself.

    Raises:
        UnavailableError: As :func:`claims_files`.
    """
    known = (context.run.name, context.run.id)
    return [one for one in _quoted(context, "run") if one.claim.name in known]


def claims_of_group(context: AuditContext) -> list[Quoted]:
    """Return the claims of the run's group, which may be named with its project.

    Raises:
        UnavailableError: As :func:`claims_files`.
    """
    view = context.run
    if view.group is None:
        claims_files(context)
        return []
    known = (view.group, f"{view.project}/{view.group}")
    return [one for one in _quoted(context, "group") if one.claim.name in known]


def _quoted(context: AuditContext, kind: str) -> Iterator[Quoted]:
    for file in claims_files(context):
        yield from (Quoted(file, one) for one in file.claims.claims if one.kind == kind)


def loose_beside(quoted: Sequence[Quoted]) -> list[tuple[str, Loose]]:
    """Return the numbers without a link in the tables of some claims, each with its file."""
    tables = {(one.file.path, one.claim.table): one.file for one in quoted if one.claim.table}
    return [
        (path, loose)
        for (path, table), file in tables.items()
        for loose in file.claims.unlinked
        if loose.table == table
    ]
