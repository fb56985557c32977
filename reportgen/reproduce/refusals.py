"""What is refused before anything is written or run: records that no replay may follow."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from reportgen.errors import LimitError, ReportgenError, UnavailableError, UsageError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATCH_BYTES = 256 * 2**20
_REACHES_ELSEWHERE = re.compile(
    r"PATH|HOME|SHELL|IFS|ENV|BASH_ENV|LD_.*|DYLD_.*|GIT_.*|PIP_.*|UV_.*|PERL.*|RUBY.*|NODE_.*"
    r"|PYTHON(?!HASHSEED$).*",
    re.IGNORECASE,
)
"""Variables through which a program loads code or finds programs."""


def check_record(view: RunView, facts: ScriptFacts) -> bytes:
    """Return the recorded patch, when nothing in the record speaks against a replay.

    Args:
        view: The run.
        facts: What it recorded for a replay.

    Raises:
        UsageError: The record is one that is not followed, or a secret has to be given.
        UnavailableError: The run cannot be replayed from its record; the reasons are named.
    """
    _refuse_commit(view)
    _refuse_variables(view)
    patch = _patch(view)
    if facts.obstacles:
        raise UnavailableError("; ".join(facts.obstacles), where=str(view.folder))
    missing = sorted(name for name in facts.redacted.values() if not os.environ.get(name))
    if missing:
        raise UsageError(
            f"an argument was not recorded, because it looked secret: {', '.join(missing)}",
            where=f"{layout.RUN}: command",
            fix=f"Set {missing[0]} to what it was",
        )
    return patch


def _refuse_commit(view: RunView) -> None:
    commit = view.git.commit if view.git is not None else None
    if commit and not _FULL_ID.fullmatch(commit):
        raise UsageError(
            f"commit: {commit!r:.80} may mean several commits",
            where=layout.GIT,
            expected="40 or 64 hexadecimal digits",
        )


def _refuse_variables(view: RunView) -> None:
    variables = view.environment.variables if view.environment is not None else None
    reaching = [name for name in variables or {} if _REACHES_ELSEWHERE.fullmatch(str(name))]
    if reaching:
        raise UsageError(
            f"variables: {reaching[0]!r:.80} makes programs load code from elsewhere",
            where=layout.ENVIRONMENT,
            expected="variables that change numbers alone",
        )


def _patch(view: RunView) -> bytes:
    """Return the patch as the seal says it is."""
    size = view.file_sizes.get(layout.PATCH, 0)
    if size > _PATCH_BYTES:
        raise LimitError(
            f"has {size} bytes", where=layout.PATCH, expected=f"at most {_PATCH_BYTES}"
        )
    patch = view.bytes(layout.PATCH, limit=_PATCH_BYTES) or b""
    sealed = sealed_hashes(view).get(layout.PATCH)
    if sealed is not None and sha256_bytes(patch) != sealed:
        raise UsageError(
            "is not the recorded one: its SHA-256 is another",
            where=layout.PATCH,
            expected=f"what {layout.MANIFEST} lists",
        )
    return patch


def sealed_hashes(view: RunView) -> Mapping[str, str]:
    """Return the SHA-256 of each file by its path, as the seal lists it."""
    try:
        manifest = view.manifest
    except ReportgenError:
        return {}
    return {} if manifest is None else {file.path: file.sha256 for file in manifest.files}


def changed_since_sealed(view: RunView) -> list[str]:
    """Return which of the documents that drive a replay differ from the seal."""
    hashes = sealed_hashes(view)
    driving = (
        *(layout.RUN, layout.CONFIG, layout.METRICS, layout.GIT, layout.ENVIRONMENT),
        *(layout.DATA, layout.REQUIREMENTS),
    )
    return [
        place
        for place in driving
        if place in hashes and sha256_bytes(view.bytes(place) or b"") != hashes[place]
    ]
