"""A sweep: its runs in one group, sweep.yaml beside them, the best by the declared metric."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

import reportgen
from reportgen.errors import UsageError
from reportgen.logger import sweep as module
from reportgen.logger import sweep_runs
from reportgen.runs.view import RunView

SPACE = {"lr": [0.1, 0.01], "width": [8, 16]}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def start(**options: Any) -> Any:
    return reportgen.start_run(system_every=None, **options)


def document(folder: Path | None) -> Any:
    assert folder is not None
    return yaml.safe_load((folder / "sweep.yaml").read_text())


def test_a_grid_groups_its_runs_and_chooses_the_best(tmp_path: Path) -> None:
    with reportgen.sweep("lr-search", SPACE, metric="val/accuracy") as sweep:
        for number, values in enumerate(sweep.trials()):
            with start(config=values, project="digits", name=f"t{number}") as run:
                run.log({"val/accuracy": values["lr"] + values["width"] / 100})
            if number == 0:
                early = document(sweep.folder)
                assert (early["chosen"], early["planned"]) == (None, 4)
    folder = tmp_path / "runs" / "digits" / "lr-search"
    assert sweep.folder == folder
    assert (sweep.project, sweep.chosen) == ("digits", "t1")
    assert document(folder) == {
        "name": "lr-search",
        "space": SPACE,
        "method": "grid",
        "planned": 4,
        "metric": "val/accuracy",
        "goal": "maximize",
        "chosen": "t1",
        "seed": None,
    }
    assert sorted(path.name for path in folder.iterdir()) == ["sweep.yaml", "t0", "t1", "t2", "t3"]
    assert RunView(folder / "t2").run.group == "lr-search"
    assert RunView(folder / "t2").config == {"lr": 0.01, "width": 8}


def test_a_random_search_records_its_seed() -> None:
    space = {"lr": {"min": 1e-4, "max": 0.1, "log": True}}
    with reportgen.sweep(
        "digits/random", space, method="random", planned=3, metric="z", goal="minimize", seed=5
    ) as sweep:
        trials = list(sweep.trials())
        for values in trials:
            with start(config=values) as run:
                run.log({"z": values["lr"]})
    found = document(sweep.folder)
    assert (found["planned"], found["seed"], found["space"]) == (3, 5, space)
    view = RunView(sweep.folder / sweep.chosen)  # type: ignore[operator]
    assert view.config is not None
    assert view.config["lr"] == min(values["lr"] for values in trials)
    assert view.definitions["z"].goal == "minimize"
    again = reportgen.sweep("x", space, method="random", planned=3, seed=5)
    assert list(again.trials()) == trials


def test_a_name_of_ones_own_group_is_left_alone(tmp_path: Path) -> None:
    with reportgen.sweep("s", SPACE) as sweep:
        start(name="mine", group="other").finish()
        start(name="in").finish()
        start(name="digits/s/elsewhere").finish()
    assert sweep.folder == tmp_path / "runs" / "s"
    assert [path.name for path in (tmp_path / "runs" / "other").iterdir()] == ["mine"]
    start(name="after").finish()
    assert (tmp_path / "runs" / "after").is_dir()


def test_a_run_in_another_folder_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with reportgen.sweep("s", SPACE) as sweep:
        start(name="a", project="p").finish()
        start(name="b", project="q").finish()
        start(name="c").finish()
    assert sweep.folder == tmp_path / "runs" / "p" / "s"
    assert sorted(path.name for path in sweep.folder.iterdir()) == ["a", "c", "sweep.yaml"]
    assert sum("no part of the sweep" in text for text in caplog.messages) == 1


def test_runs_of_threads_belong_to_it(tmp_path: Path) -> None:
    def train(number: int) -> None:
        with start(name=f"t{number}") as run:
            run.log({"val/loss": float(number)})

    with reportgen.sweep("s", {"n": [0, 1, 2]}, metric="val/loss") as sweep:
        threads = [threading.Thread(target=train, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sweep.chosen == "t0"
    assert document(tmp_path / "runs" / "s")["goal"] == "minimize"


def test_an_error_ends_it_with_what_had_finished() -> None:
    def broken() -> None:
        with reportgen.sweep("s", SPACE, metric="val/loss"):
            with start(name="a") as run:
                run.log({"val/loss": 1.0})
            with start(name="b") as run:
                run.log({"val/loss": 0.5})
                raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        broken()
    assert document(Path("runs/s"))["chosen"] == "a"
    assert module.current() is None


def test_a_second_session_counts_the_runs_before_it() -> None:
    for session in range(2):
        with reportgen.sweep("s", SPACE, metric="val/loss") as sweep:
            for number in range(4):
                with start(name=f"{session}-{number}") as run:
                    run.log({"val/loss": float(number + session)})
    assert document(sweep.folder)["planned"] == 8
    assert sweep.chosen == "0-0"


PROGRAM = """
import sys, reportgen
options = {"project": "p"} if "project" in sys.argv else {}
with reportgen.start_run(name=sys.argv[1], system_every=None, **options) as run:
    run.log({"z": float(sys.argv[2])})
"""


def start_elsewhere(*words: str, cwd: Path | None = None) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, *words], check=True, cwd=cwd)


@pytest.mark.parametrize("words", [(), ("project",)], ids=["project-of-the-sweep", "own-project"])
def test_runs_of_programs_started_inside_join(tmp_path: Path, words: tuple[str, ...]) -> None:
    name = "s" if words else "p/s"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options: dict[str, Any] = {"method": "tpe", "planned": 2, "metric": "z", "goal": "maximize"}
    with reportgen.sweep(name, SPACE, **options) as sweep:
        start_elsewhere("a", "0.5", *words)
        early = document(tmp_path / "runs" / "p" / "s")
        assert (early["chosen"], early["planned"]) == (None, 2)
        start_elsewhere("b", "0.75", *words, cwd=elsewhere)
        with pytest.raises(UsageError, match="grid or random"):
            sweep.trials()
    assert (sweep.folder, sweep.chosen) == (tmp_path / "runs" / "p" / "s", "b")
    assert document(sweep.folder) == {**early, "chosen": "b"}
    view = RunView(tmp_path / "runs" / "p" / "s" / "b")
    assert (view.run.project, view.run.group) == ("p", "s")
    assert view.definitions["z"].goal == "maximize"
    start_elsewhere("after", "1", *words)
    assert sorted(path.name for path in sweep.folder.iterdir()) == ["a", "b", "sweep.yaml"]


def test_a_second_session_of_programs_counts_the_runs_before_it(tmp_path: Path) -> None:
    for session in range(2):
        with reportgen.sweep("s", SPACE, metric="z", goal="maximize") as sweep:
            start_elsewhere(f"t{session}", "0.5")
    assert document(tmp_path / "runs" / "s")["planned"] == 5
    assert sweep.chosen == "t0"


def test_commands_that_are_tracked_join(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(
        "print('step,z', '0,0.25', sep='\\n', file=open('metrics.csv', 'w'))"
    )
    (tmp_path / "own.py").write_text(PROGRAM.replace("sys.argv[1]", "None"))
    run = [sys.executable, "-m", "reportgen", "run", "--name"]
    with reportgen.sweep("p/s", SPACE, metric="z", goal="maximize") as sweep:
        subprocess.run([*run, "plain", "--", sys.executable, "plain.py"], check=True)
        subprocess.run([*run, "own", "--", sys.executable, "own.py", "x", "0.5"], check=True)
        subprocess.run([*run, "p/t/out", "--", sys.executable, "plain.py"], check=True)
    folder = tmp_path / "runs" / "p" / "s"
    assert (sweep.folder, sweep.chosen) == (folder, "own")
    assert sorted(path.name for path in folder.iterdir()) == ["own", "plain", "sweep.yaml"]
    view = RunView(folder / "plain")
    assert (view.run.group, view.run.status) == ("s", "finished")
    assert view.definitions["z"].goal == "maximize"
    assert view.series["z"].values[-1] == 0.25
    assert (tmp_path / "runs" / "p" / "t" / "out").is_dir()


def test_the_innermost_sweep_is_the_one_of_programs() -> None:
    with reportgen.sweep("outer", SPACE):
        outer = os.environ[sweep_runs.VARIABLE]
        with reportgen.sweep("inner", SPACE):
            assert '"inner"' in os.environ[sweep_runs.VARIABLE]
        assert os.environ[sweep_runs.VARIABLE] == outer
    assert sweep_runs.VARIABLE not in os.environ


@pytest.mark.parametrize("value", ["lr-search", "{}", '{"document": 1}', "["])
def test_a_sweep_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, tmp_path: Path
) -> None:
    monkeypatch.setenv(sweep_runs.VARIABLE, value)
    with pytest.raises(UsageError, match="Unset REPORTGEN_SWEEP"):
        start(name="a")
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_without_runs_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with reportgen.sweep("s", SPACE):
        pass
    assert "no run was started in it" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_root_of_its_own(tmp_path: Path) -> None:
    with reportgen.sweep("s", SPACE, root="elsewhere") as sweep:
        start(name="a").finish()
    assert sweep.folder == tmp_path / "elsewhere" / "s"


def test_a_disk_that_refuses_harms_no_training(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sweep_runs, "write_document", full)
    with reportgen.sweep("s", SPACE, metric="val/loss") as sweep, start(name="a") as run:
        run.log({"val/loss": 1.0})
    assert sweep.chosen == "a"
    assert "No space left on device" in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": ""},
        {"name": None},
        {"name": "a/b/c"},
        {"name": "a/b", "project": "c"},
        {"space": {}},
        {"space": {"lr": {"min": 0, "max": 1}}},
        {"method": ""},
        {"method": "random"},
        {"planned": 0},
        {"planned": "3"},
        {"metric": ""},
        {"metric": "z"},
        {"metric": "val/loss", "goal": "lower"},
        {"goal": "minimize"},
        {"seed": None},
        {"seed": 0.5},
    ],
    ids=str,
)
def test_misuse_is_refused(arguments: dict[str, Any]) -> None:
    given = {"name": "s", "space": SPACE, **arguments}
    with pytest.raises(UsageError):
        reportgen.sweep(given.pop("name"), given.pop("space"), **given)
