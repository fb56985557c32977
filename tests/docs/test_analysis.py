"""docs/analysis.md is run as it stands, on the example runs, and shows what comes out.

``--update-golden`` writes what comes out into the page.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stdout
from glob import glob
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reportgen.cli.main import main

pytest.importorskip("matplotlib")

BLOCK = re.compile(r"^```(python|console|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A block of code, what it printed, and what the page says that it prints."""

    code: str
    printed: str
    shown: str | None


@pytest.fixture(scope="module")
def steps(
    request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Step], dict[str, Any]]:
    """The page, run in order in one namespace beside a copy of the runs."""
    place = tmp_path_factory.mktemp("analysis")
    shutil.copytree(repository / "example_runs" / "runs", place / "example_runs" / "runs")
    page = repository / "docs" / "analysis.md"
    text = page.read_text(encoding="utf-8")
    blocks = [*BLOCK.findall(text), ("", "")]
    names: dict[str, Any] = {}
    done = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("MPLBACKEND", "Agg")
        for (kind, body), (following, shown) in pairwise(blocks):
            if kind == "console":
                run_commands(body)
            elif kind == "python":
                out = io.StringIO()
                with redirect_stdout(out):
                    exec(compile(body, "docs/analysis.md", "exec"), names)
                printed = "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
                done.append(Step(body, printed, shown if following == "text" else None))
    if request.config.getoption("--update-golden"):
        for step in done:
            if step.shown is not None:
                start = text.index("```text\n", text.index(step.code)) + len("```text\n")
                text = text[:start] + step.printed + text[start + len(step.shown) :]
        page.write_text(text, encoding="utf-8")
        done = [step._replace(shown=step.shown and step.printed) for step in done]
    return place, done, names


def run_commands(body: str) -> None:
    for line in body.splitlines():
        words = shlex.split(line.removeprefix("$ reportgen "))
        expanded = [place for word in words for place in (sorted(glob(word)) or [word])]
        with redirect_stdout(io.StringIO()):
            assert main(expanded) == 0


def test_what_is_printed_is_what_is_shown(steps: Any) -> None:
    """Digits after the point change with the machine that trained; words and shape do not."""
    compared = 0
    for step in steps[1]:
        if step.shown is None:
            assert step.printed == "", step.code
            continue
        compared += 1
        assert shape(step.printed) == shape(step.shown), step.code
    assert compared >= 7


def shape(text: str) -> list[list[str]]:
    lines = [line.split() for line in text.splitlines()]
    return [[re.sub(r"\d*\.\d{3,}|\d+\.\d%", "number", word) for word in line] for line in lines]


def test_the_five_best_are_the_best(steps: Any) -> None:
    names = steps[2]
    accuracy = names["search"]["metrics.val/accuracy"]
    assert list(names["best"]["metrics.val/accuracy"]) == sorted(accuracy, reverse=True)[:5]


def test_the_means_are_of_all_runs_of_a_learning_rate(steps: Any) -> None:
    search, table = steps[2]["search"], steps[2]["by_rate"]
    for rate, row in table.iterrows():
        values = search[search["config.training.lr"] == rate]["metrics.val/accuracy"]
        assert row["count"] == len(values) > 1
        assert row["mean"] == pytest.approx(sum(values) / len(values))


def test_the_tags_choose_the_labelled_runs(steps: Any) -> None:
    replicates = steps[2]["replicates"]
    assert set(replicates["group"]) == {"golden"}
    assert len(replicates) == 5


def test_the_conditions_choose_some_and_leave_some(steps: Any) -> None:
    names = steps[2]
    for chosen in ("good", "unfinished"):
        assert 0 < len(names[chosen]) < len(names["runs"])
    assert len(names["shown"]) == len(names["runs"])


def test_the_figures_are_there(steps: Any) -> None:
    for name in ("settings.png", "losses.png"):
        assert (steps[0] / name).read_bytes().startswith(b"\x89PNG")
    axes = steps[2]["axes"]
    assert [axis.get_xscale() for axis in axes] == ["log", "linear"]
    (dots,) = axes[0].collections
    assert len(dots.get_offsets()) == len(steps[2]["search"])
