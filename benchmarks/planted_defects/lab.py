"""Golden groups in real repositories, and copies of them for a defect to be planted in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from reportgen.capture.code import capture_code
from reportgen.runs import layout
from reportgen.runs.schema import to_plain
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal, write_plain
from reportgen.script.text import reproduce_script
from reportgen.testing import git, make_full_group, make_golden_group, make_repository, sign_run
from reportgen.testing.golden import overlaid

Base = Literal["plain", "full"]
BASES: Final[tuple[Base, ...]] = ("plain", "full")
SECOND_MODULE: Final = '"""Weights of classes."""\n\nWEIGHTS = {3: 1.5, 8: 2.0}\n'
Record = dict[str, Any]


@dataclass(frozen=True)
class Lab:
    """A repository with one golden group of five seeds, and the run of it that is judged.

    Attributes:
        repository: Top of the work tree; the runs lie below ``runs/``, as part of it.
        runs: The run folders, by name.
        judged: Which of them is judged.
    """

    repository: Path
    runs: tuple[Path, ...]
    judged: int = 0

    @property
    def run(self) -> Path:
        """The folder of the run that is judged."""
        return self.runs[self.judged]

    @property
    def view(self) -> RunView:
        """The run that is judged, read anew."""
        return RunView(self.run)

    def copied(self, folder: Path, judged: int) -> Lab:
        """Copy everything, history too, and return the copy."""
        copy = Path(shutil.copytree(self.repository, folder, symlinks=True))
        runs = tuple(copy / run.relative_to(self.repository) for run in self.runs)
        return Lab(copy, runs, judged)

    def document(self, place: str) -> Any:
        """Return a YAML or JSON document of the run."""
        return self.view.raw(place)

    def lay(self, place: str, changes: Mapping[str, Any]) -> None:
        """Replace keys of a document, level by level; ABSENT removes one."""
        write_plain(self.run, place, overlaid(self.document(place), changes))

    def records(self) -> list[Record]:
        """Return the records of metrics.jsonl."""
        lines = (self.run / layout.METRICS).read_bytes().splitlines()
        return [orjson.loads(line) for line in lines]

    def log(self, records: list[Record]) -> None:
        """Write metrics.jsonl anew."""
        lines = (orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in records)
        (self.run / layout.METRICS).write_bytes(b"".join(lines))

    def put(self, place: str, content: bytes | str) -> None:
        """Write a file of the run."""
        path = self.run / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def replace(self, place: str, old: str, new: str) -> None:
        """Replace a text of a file of the run, which has to hold it."""
        text = (self.run / place).read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{place} does not hold {old!r}")
        self.put(place, text.replace(old, new))

    def commit(self) -> None:
        """Commit what changed in the repository, and record that commit as the run's."""
        git(self.repository, "commit", "--quiet", "--message", "Second version")
        recorded = to_plain(capture_code(self.repository, run_root=None).git)
        recorded["dirty_end"] = recorded["dirty"]
        write_plain(self.run, layout.GIT, recorded)

    def remake(self) -> None:
        """Make anew what follows from the record: the summary and reproduce.sh."""
        write_plain(self.run, layout.SUMMARY, to_plain(self.view.summary))
        script = reproduce_script(self.view)
        (self.run / layout.REPRODUCE).write_bytes(script.encode("utf-8", "replace"))

    def reseal(self) -> None:
        """Seal every run that is left, and sign the seals with the key of the policy."""
        for run in self.runs:
            if run.exists():
                seal(run)
                sign_run(run)


def golden_lab(base: Base, folder: Path) -> Lab:
    """Make a golden group in a repository of its own.

    Args:
        base: ``plain`` is a clean work tree, a constant learning rate, no search, no claims;
            ``full`` has modules in no commit, a schedule, accumulated gradients, a search, a test
            split and documents that quote the runs.
        folder: Does not exist yet.
    """
    repository = make_repository(folder)
    shutil.rmtree(repository / ".git" / "hooks")  # samples: nothing but files to copy
    if base == "plain":
        runs = make_golden_group(repository / "runs", repository=repository, signed=True)
    else:
        (repository / "weights.py").write_text(SECOND_MODULE, encoding="utf-8")
        runs = make_full_group(repository / "runs", repository=repository)
        for run in runs:
            sign_run(run)
    return Lab(repository, tuple(runs))
