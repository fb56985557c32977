"""Gather what hands a run on, look through all of it for secrets, and write it as one archive.

The run folder lies in it whole and unchanged, so its own seal still holds; what explains and
restores it lies around. See docs/hand-off.md for the layout.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.errors import (
    NotFoundError,
    UnreadableError,
    UsageError,
)
from reportgen.exporters.ro_crate import METADATA, CrateFile, crate_metadata
from reportgen.fs.documents import dump_json
from reportgen.fs.paths import portable_component
from reportgen.reproduce import archive_writer, bundle_extras, bundle_readme
from reportgen.reproduce.archive import Names
from reportgen.reproduce.archive_writer import Part, part_of_bytes
from reportgen.reproduce.bundle_data import data_parts
from reportgen.reproduce.bundle_parts import Gathered, add_code, add_run, code_at_hand
from reportgen.reproduce.code_bundle import (
    BUILD,
    CODE,
)
from reportgen.reproduce.documents import (
    BUNDLE_SCHEMA,
    BundledFile,
    BundleDocument,
    BundledRun,
)
from reportgen.reproduce.unbundle import DOCUMENT, RUN
from reportgen.reproduce.wheels import WHEELS, collect_wheels
from reportgen.runs import layout
from reportgen.runs.schema import Writer, to_plain
from reportgen.runs.secret_scan import SecretPlace
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of

README = "README.md"
RESULTS = "results.csv"
_PLACES_SHOWN = 8
_LONG_BYTES = 64 * 2**20
"""Files of this size together take seconds to look through."""


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What a bundle is to hold beside the run.

    Attributes:
        code: The recorded tree.
        wheels: The recorded packages, so that no network is needed.
        data: Recorded inputs that git does not hold.
        dockerfile: A Dockerfile that restores and runs.
        conda: An environment.yml for conda.
        repository: Where the commit is, in place of the repository around the run.
        allowed: Patterns of files that may be handed on although a rule for secrets hit them.
    """

    code: bool = False
    wheels: bool = False
    data: bool = False
    dockerfile: bool = False
    conda: bool = False
    repository: Path | None = None
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class Made:
    """A bundle that was written.

    Attributes:
        target: The archive.
        files: How many files it holds.
        size: Its bytes.
        document: Its bundle.json.
        notes: What it does not hold, for people.
    """

    target: Path
    files: int
    size: int
    document: dict[str, Any]
    notes: list[str]


def make_bundle(
    view: RunView,
    target: Path,
    request: BundleRequest,
    *,
    say: Callable[[str], None] = lambda text: None,
) -> Made:
    """Write a bundle of a run.

    Args:
        view: The run.
        target: The archive, ``.tar.gz`` or ``.zip``; written in one step.
        request: What it is to hold.
        say: Is told what takes long.

    Raises:
        UsageError: The run still runs, was changed after its seal, or a secret was found; the
            message names place and rule, never the value.
        NotFoundError, UnavailableError: Code, packages or data that were asked for are not here.
        UnreadableError: A file of the run cannot be bundled.
        OSError: The disk refused.
    """
    archive_writer.ending_of(target)
    if view.state == "running":
        raise UsageError("is still running", where=str(view.folder), fix="Wait for its end")
    if not target.absolute().parent.is_dir():
        raise NotFoundError("there is no such folder", where=str(target.parent))
    facts = facts_of(view)
    got = Gathered()
    if sum(view.file_sizes.values()) > _LONG_BYTES:
        say("Hashing the run and searching it for secrets")
    add_run(got, view)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reportgen-")))
        source, code = code_at_hand(
            stack, view, facts, request.repository, needed=request.code or request.data
        )
        if code is not None:
            add_code(got, code, scratch, whole=request.code)
        if request.data:
            for part in data_parts(view, source, code, got.notes):
                got.add(part)
        _refuse_secrets(got.secrets, request.allowed)
        if request.wheels:
            say("Collecting the recorded packages")
            build = code.read(BUILD) if code is not None else None
            got.wheels, found = collect_wheels(facts, scratch / WHEELS, build)
            for part in found:
                got.add(part, scan=False)
        _add_texts(got, view, facts, request)
        _refuse_secrets(got.secrets, request.allowed)
        document = _finish(got, view)
        _check_names(got.parts)
        top = portable_component(view.name)
        archive_writer.write_archive(target, top, got.parts)
    size = target.stat().st_size
    return Made(target, len(got.parts), size, document, got.notes)


def _add_texts(got: Gathered, view: RunView, facts: ScriptFacts, request: BundleRequest) -> None:
    got.add(part_of_bytes(RESULTS, bundle_extras.results_csv(view)))
    if request.dockerfile:
        text = bundle_extras.dockerfile(facts, wheels=got.wheels is not None)
        got.add(part_of_bytes("Dockerfile", text.encode()))
    if request.conda:
        text = bundle_extras.conda_environment(facts, view.text(layout.REQUIREMENTS) or "")
        got.add(part_of_bytes("environment.yml", text.encode()))
    readme = bundle_readme.readme(
        view,
        facts,
        held={part.path for part in got.parts},
        notes=got.notes,
        snapshot=got.code is not None,
    )
    got.add(part_of_bytes(README, readme.encode("utf-8", "replace")))


def _refuse_secrets(found: list[SecretPlace], allowed: tuple[str, ...]) -> None:
    def is_allowed(one: SecretPlace) -> bool:
        return any(fnmatchcase(one.path, pattern) for pattern in allowed)

    places = [one for one in found if not is_allowed(one)]
    if places:
        listed = ", ".join(map(str, places[:_PLACES_SHOWN]))
        more = f" and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
        raise UsageError(
            f"what looks like a secret stands in {listed}{more}",
            expected="nothing that others must not have",
            fix="Take it out, or pass --allow PATTERN for files in which it is none",
        )


def _finish(got: Gathered, view: RunView) -> dict[str, Any]:
    """Put the parts in order, and add what lists them."""
    got.parts.sort(key=lambda part: (part.path != README, part.path.encode("utf-8", "replace")))
    crate = crate_metadata(
        view,
        [CrateFile(part.path, part.size, part.sha256) for part in got.parts],
        folder=RUN,
        code=CODE if got.code is not None else None,
        license_id=got.license_id,
    )
    got.parts.insert(1, part_of_bytes(METADATA, crate))
    document = to_plain(
        BundleDocument(
            schema=BUNDLE_SCHEMA,
            run=BundledRun(id=view.id, name=view.name, folder=RUN),
            writer=Writer(name="reportgen", version=__version__),
            code=got.code,
            wheels=got.wheels,
            absent=got.absent,
            files=[
                BundledFile(path=part.path, bytes=part.size, sha256=part.sha256)
                for part in got.parts
            ],
        )
    )
    got.parts.insert(0, part_of_bytes(DOCUMENT, dump_json(document)))
    return document


def _check_names(parts: list[Part]) -> None:
    names = Names()
    for part in parts:
        try:
            names.add(part.path)
            part.path.encode("utf-8")
        except UnicodeEncodeError:
            what = f"the name {part.path!r:.200} is not UTF-8"
            raise UnreadableError(what, fix="Rename the file") from None
