"""A run from start to seal, looked at file by file."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked_programs import Ended, Programs, document, metrics_of, only_run

import reportgen
from reportgen.errors import UsageError
from reportgen.runs import lock
from reportgen.runs.schema import DOCUMENTS, Environment, Modules
from reportgen.runs.view import RunView
from reportgen.runs.writer import build_manifest

SECRET = "ghp_" + "Ab3" * 12
PROGRAM = f"""
import logging, sys, reportgen
import helper

before = open("data/before.txt").read()
cfg = {{"model": {{"name": "mlp", "width": 32}}, "dataset": "digits", "lr": 0.5, "epochs": 2,
       "api_key": "{SECRET}", "fn": print}}
run = reportgen.start_run(
    cfg, project="digits", group="lr", tags={{"goal": "baseline"}}, notes="Does it help?",
    seed=7, data=["data/digits.csv"], alerts=[reportgen.alert_when("val/accuracy", above=0.8)],
)
with run:
    config = run.config
    assert config.api_key == "{SECRET}"
    assert config.model.width == 32 and config.lr and config.get("momentum", 0.9)
    logging.getLogger("train").warning("starting")
    rows = open("data/digits.csv").read().splitlines()
    run.log_splits({{"train": [1, 2, 3], "val": [4]}}, method="random", seed=7)
    run.define_metric("val/accuracy", goal="maximize", split="val")
    for step in range(10):
        run.log({{"train/loss": 1 / (step + 1), "train/lr": 0.5}}, step=step)
    run.log({{"val/accuracy": 0.75}}, step=4)
    run.log({{"val/accuracy": 0.875}}, step=9)
    run.log_predictions("val", ids=[4], labels=[1], predictions=[1])
    run.log_text("note", "halfway", step=5)
    run.log_artifact("data/digits.csv")
    print("done", helper.VALUE)
    print("token {SECRET}", file=sys.stderr)
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    programs = Programs()
    yield programs
    programs.close()


@pytest.fixture(scope="module")
def repository_of_a_user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("configs", "data"):
        (folder / name).mkdir()
    (folder / "configs" / "mlp.yaml").write_text("lr: 0.1\nmodel: {name: mlp, width: 32}\n")
    (folder / "data" / "digits.csv").write_text("x,y\n1,2\n3,4\n5,6\n7,8\n")
    (folder / "data" / "before.txt").write_text("read before the run starts\n")
    (folder / "train.py").write_text(PROGRAM)
    (folder / "helper.py").write_text("VALUE = 1\n")
    os.environ.setdefault("GIT_CONFIG_NOSYSTEM", "1")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "add", "-A")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    git(folder, *identity, "commit", "-q", "-m", "start")
    return folder


@pytest.fixture(scope="module")
def whole(programs: Programs, repository_of_a_user: Path) -> tuple[Path, Ended]:
    ended = programs.run(
        repository_of_a_user,
        PROGRAM,
        argv=["train.py", "--config", "configs/mlp.yaml", "--lr", "0.5", f"--token={SECRET}"],
    )
    assert ended.status == 0, ended.stderr
    return only_run(repository_of_a_user / "runs"), ended


def test_it_lies_where_project_group_and_convention_say(whole: tuple[Path, Ended]) -> None:
    folder = whole[0]
    assert folder.parent.parts[-3:] == ("runs", "digits", "lr")
    assert re.fullmatch(r"mlp_digits_\d{8}-\d{6}_lr0\.5", folder.name)


def test_run_yaml(whole: tuple[Path, Ended]) -> None:
    run = document(whole[0])
    assert run["schema"] == "reportgen.run/1"
    assert run["name"] == whole[0].name
    assert run["status"] == "finished"
    assert run["exit_code"] == 0
    assert (run["project"], run["group"], run["tags"]) == ("digits", "lr", {"goal": "baseline"})
    assert run["command"]["argv"][:5] == ["train.py", "--config", "configs/mlp.yaml", "--lr", "0.5"]
    assert run["command"]["cwd"] == "."
    assert run["planned"] == {"steps": None, "epochs": 2}
    assert run["writer"]["version"] == reportgen.__version__
    assert run["dropped"] == {}
    assert run["checkpoints"]["keep_last"] == 5
    assert set(run["overhead_seconds"]) >= {"captures", "metrics"}
    assert run["created"] < run["ended"]


def test_no_secret_reached_any_file(whole: tuple[Path, Ended]) -> None:
    files = [path for path in whole[0].rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    run = document(whole[0])
    assert run["redacted"] == 3
    assert {"secret", "stringified"} <= {entry["rule"] for entry in run["left_out"]}
    assert SECRET in whole[1].stderr


def test_configuration(whole: tuple[Path, Ended], repository_of_a_user: Path) -> None:
    config = document(whole[0], "config.yaml")
    assert config["model"] == {"name": "mlp", "width": 32}
    assert config["api_key"].startswith("<redacted:")
    assert config["fn"] == "builtins.print"
    kept = whole[0] / "config" / "configs" / "mlp.yaml"
    assert kept.read_bytes() == (repository_of_a_user / "configs/mlp.yaml").read_bytes()
    access = document(whole[0], "captured/config_access.json")
    assert access["tracking"] is True
    assert access["read"] == ["api_key", "lr", "model.width"]
    assert access["absent"] == {"momentum": 0.9}


def test_metrics_and_their_summary(whole: tuple[Path, Ended]) -> None:
    assert len(metrics_of(whole[0])) == 12
    summary = document(whole[0], "summary.yaml")["metrics"]
    assert summary["val/accuracy"] == {
        "last": 0.875,
        "last_step": 9,
        "best": 0.875,
        "best_step": 9,
        "count": 2,
    }
    assert summary["train/loss"]["best"] == 0.1
    definitions = document(whole[0], "metrics.yaml")["metrics"]
    assert definitions["val/accuracy"]["goal"] == "maximize"


def test_code(whole: tuple[Path, Ended], repository_of_a_user: Path) -> None:
    info = document(whole[0], "git_info.yaml")
    assert info["commit"] == git(repository_of_a_user, "rev-parse", "HEAD")
    assert info["tree"] == git(repository_of_a_user, "rev-parse", "HEAD^{tree}")
    assert (info["dirty"], info["dirty_end"], info["branch"]) == (False, False, "main")
    assert info["not_available"] == {}
    assert not (whole[0] / "git_diff.patch").exists()
    modules = document(whole[0], "captured/modules.json")
    helper = hashlib.sha256((repository_of_a_user / "helper.py").read_bytes()).hexdigest()
    assert modules["local"]["helper.py"] == helper
    assert modules["third_party"]["orjson"] == "orjson"


def test_environment(whole: tuple[Path, Ended]) -> None:
    environment = document(whole[0], "environment.yaml")
    assert environment["python"]["abi"]
    assert environment["packages"]["orjson"]
    assert environment["seeds"]["python"] == 7
    assert environment["hardware"]["gpus"] is not None
    assert environment["identity"] is None
    compute = environment["compute"]
    assert 0 < compute["wall_seconds"] < 60
    assert compute["peak_memory_bytes"] > 10**7
    assert compute["device_seconds"] == 0
    requirements = (whole[0] / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("orjson==") for line in requirements)


def test_data(whole: tuple[Path, Ended]) -> None:
    data = document(whole[0], "data.yaml")
    assert data["inputs"][0]["path"] == "data/digits.csv"
    assert data["inputs"][0]["rows"] == 4
    assert data["splits"]["train"]["count"] == 3
    assert data["not_available"] == {}
    read = document(whole[0], "captured/opens.json")["files"]
    assert read == ["data/before.txt", "data/digits.csv"]


def test_logs_and_their_sizes(whole: tuple[Path, Ended]) -> None:
    folder = whole[0]
    run = document(folder)
    training = (folder / "training.log").read_text()
    assert f"reportgen - INFO - run {run['id']} started: {run['name']}\n" in training
    assert "train - WARNING - starting" in training
    assert "note (step 5): halfway" in training
    assert (folder / "stdout.log").read_text() == "done 1\n"
    assert "<redacted:" in (folder / "stderr.log").read_text()
    streams = document(folder, "captured/exit.json")["streams"]
    assert set(streams) == {"stdout", "stderr", "training"}
    for name, told in streams.items():
        assert told == {"bytes": (folder / f"{name}.log").stat().st_size, "lost": 0}


def test_alerts_came_from_the_thread(whole: tuple[Path, Ended]) -> None:
    lines = (whole[0] / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line)["metric"] for line in lines] == ["val/accuracy"]


def test_the_seal_lists_every_file_as_it_is(whole: tuple[Path, Ended]) -> None:
    folder = whole[0]
    manifest = document(folder, "manifest.json")
    again = [
        {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256}
        for entry in build_manifest(folder).files
    ]
    assert manifest["files"] == again
    paths = {entry["path"] for entry in again}
    assert {"run.yaml", "reproduce.sh", "predictions/val.csv", "artifacts/digits.csv"} <= paths
    assert not [path for path in paths if path.endswith(".tmp")]
    assert os.access(folder / "reproduce.sh", os.X_OK)


def test_every_document_is_of_the_standard(whole: tuple[Path, Ended]) -> None:
    view = RunView(whole[0])
    for place, kind in DOCUMENTS.items():
        if view.exists(place):
            view.captured(place, kind)
    assert view.problems == []
    assert view.state == "finished"
    assert lock.state(whole[0]) == "free"


# -- in this process ------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    return tmp_path


@pytest.fixture
def quick(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, and nothing found out about packages, which takes the most time."""
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: [])
    monkeypatch.setattr(f"{captures}.imported_packages", dict)
    return here


def test_run_yaml_is_there_before_start_run_returns(quick: Path) -> None:
    run = reportgen.start_run({"lr": 0.1}, name="r")
    try:
        assert document(run.folder)["status"] == "running"
        assert document(run.folder, "config.yaml") == {"lr": 0.1}
        assert RunView(run.folder).state == "running"
    finally:
        run.finish()
    assert RunView(run.folder).state == "finished"


def test_captures_are_on_disk_within_seconds(here: Path) -> None:
    (here / "data.csv").write_text("a\n1\n")
    with reportgen.start_run(name="r", data=["data.csv"]) as run:
        deadline = time.monotonic() + 30
        wanted = ["environment.yaml", "requirements.txt", "git_info.yaml"]
        while time.monotonic() < deadline:
            hashed = document(run.folder, "data.yaml")["not_available"] == {}
            if hashed and all((run.folder / name).exists() for name in wanted):
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"not captured: {sorted(path.name for path in run.folder.iterdir())}")


def test_a_capture_that_raises_leaves_a_reason_and_the_others(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("out of order")

    for name in ("capture_code", "capture_environment", "capture_modules"):
        monkeypatch.setattr(f"reportgen.logger.captures.{name}", broken)
    with reportgen.start_run({"lr": 1}, name="r") as run:
        run.log({"a": 1.0})
    reason = "RuntimeError: out of order"
    assert document(run.folder, "git_info.yaml")["not_available"]["commit"] == reason
    assert document(run.folder, "environment.yaml")["not_available"]["python"] == reason
    assert document(run.folder, "captured/modules.json")["not_available"]["local"] == reason
    assert document(run.folder, "captured/opens.json")["hook"] is True
    assert document(run.folder)["status"] == "finished"
    assert (run.folder / "manifest.json").exists()


def test_captures_that_hang_do_not_hold_up_the_end(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.logger.finish.CAPTURE_SECONDS", 0.3)
    monkeypatch.setattr("reportgen.logger.captures.capture_code", lambda *a, **k: time.sleep(3))
    begun = time.monotonic()
    with reportgen.start_run(name="r") as run:
        pass
    assert time.monotonic() - begun < 2.5
    assert "took too long" in document(run.folder, "git_info.yaml")["not_available"]["commit"]
    sealed = document(run.folder, "manifest.json")["files"]
    time.sleep(0.1)
    assert sealed == [
        {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256}
        for entry in build_manifest(run.folder).files
    ]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"config": [1]}, "config"),
        ({"config": "no/such.yaml"}, "no/such.yaml"),
        ({"kind": "trainig"}, "training"),
        ({"tags": 3}, "tags"),
        ({"notes": 3}, "notes"),
        ({"seed": "7"}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": 1.0}, "seed"),
        ({"deterministic": True}, "seed"),
        ({"data": ["absent.csv"]}, "absent.csv"),
        ({"config_files": ["absent.yaml"]}, "absent.yaml"),
        ({"planned": {"step": 3}}, "steps"),
        ({"name": "a/b/c/d"}, "name"),
        ({"checkpoints": {"keep": 3}}, "keep_last"),
        ({"root": ""}, "root"),
        ({"alerts": ["train/loss > 10"]}, "alert_when"),
        ({"alerts": 3}, "alerts"),
        ({"require_clean": True}, "git"),
    ],
)
def test_misuse_raises_at_once_and_writes_nothing(
    quick: Path, arguments: dict[str, Any], where: str
) -> None:
    with pytest.raises(UsageError) as caught:
        reportgen.start_run(**arguments)
    assert where in str(caught.value)
    assert list(quick.iterdir()) == []


def test_a_configuration_file_is_a_configuration(quick: Path) -> None:
    (quick / "c.toml").write_text("lr = 0.5\n[model]\nwidth = 3\n")
    with reportgen.start_run("c.toml", name="r") as run:
        assert run.config.model.width == 3
    assert document(run.folder, "config.yaml") == {"lr": 0.5, "model": {"width": 3}}
    assert (run.folder / "config" / "c.toml").read_bytes() == (quick / "c.toml").read_bytes()


def test_a_configuration_file_that_holds_a_secret_is_left_out(quick: Path) -> None:
    (quick / "c.yaml").write_text(f"token: {SECRET}\n")
    with reportgen.start_run({"lr": 1}, name="r", config_files=["c.yaml"]) as run:
        pass
    assert not (run.folder / "config").exists()
    assert {"what": "configuration file", "where": "config/c.yaml", "rule": "secret"} in document(
        run.folder
    )["left_out"]


def test_two_runs_of_one_name_get_two_folders(quick: Path) -> None:
    runs = [reportgen.start_run(name="p/g/same") for _ in range(2)]
    for number, run in enumerate(runs):
        run.log({"a": float(number)})
        run.finish()
    assert [run.name for run in runs] == ["same", "same-2"]
    assert [run.folder.name for run in runs] == ["same", "same-2"]
    assert [metrics_of(run.folder)[0]["metrics"]["a"] for run in runs] == [0.0, 1.0]
    assert document(runs[1].folder)["name"] == "same-2"


def test_a_name_that_says_nothing_is_remarked_upon(
    quick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with reportgen.start_run(name="final_v2"):
        pass
    assert "'final_v2'" in caplog.text
    caplog.clear()
    with reportgen.start_run(name="mlp_lr0.1"):
        pass
    assert "mlp_lr0.1" not in caplog.text


def test_a_dirty_work_tree_is_said_in_one_line(
    repository_of_a_user: Path,
    quick: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(repository_of_a_user)
    new = repository_of_a_user / "new_module.py"
    new.write_text("x = 1\n")
    try:
        with reportgen.start_run(name="r", root=quick / "runs") as run:
            pass
        with pytest.raises(UsageError, match="not committed"):
            reportgen.start_run(name="r", root=quick / "runs", require_clean=True)
    finally:
        new.unlink()
    said = [record for record in caplog.records if "not committed" in record.getMessage()]
    assert len(said) == 1
    assert document(run.folder, "git_info.yaml")["untracked"] == ["new_module.py"]
    assert b"new_module.py" in (run.folder / "git_diff.patch").read_bytes()


def test_the_reasons_to_stop_early(quick: Path) -> None:
    run = reportgen.start_run(name="r")
    with pytest.raises(UsageError, match="stopped_early"):
        run.finish(stopped_early=3)  # type: ignore[arg-type]
    run.finish(stopped_early="patience of 5")
    assert document(run.folder)["stopped_early"] == "patience of 5"


def test_a_prefix_ends_after_its_last_step(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STOP_AFTER_STEP", "3")
    run = reportgen.start_run(name="r")
    for step in range(4):
        run.log({"a": float(step)}, step)
        run.log({"b": float(step)}, step=np.int64(step))
    with pytest.raises(SystemExit) as caught:
        run.log({"a": 4.0}, 4)
    assert caught.value.code == 0
    assert [record["step"] for record in metrics_of(run.folder)] == [0, 0, 1, 1, 2, 2, 3, 3]
    told = document(run.folder)
    assert (told["status"], told["exit_code"]) == ("finished", 0)
    assert told["stopped_early"] == "REPORTGEN_STOP_AFTER_STEP=3"
    monkeypatch.setenv("REPORTGEN_STOP_AFTER_STEP", "three")
    with pytest.raises(UsageError, match="REPORTGEN_STOP_AFTER_STEP"):
        reportgen.start_run(name="s")


def test_a_sink_hears_what_was_written_and_cannot_harm(
    quick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Recorder:
        name = "recorder"

        def __init__(self) -> None:
            self.heard: list[Any] = []

        def metrics(self, values: Any, step: int) -> None:
            self.heard.append((dict(values), step))
            if step == 1:
                raise RuntimeError("a fault of the sink")

        def figure(self, name: str, path: Path, step: int | None) -> None:
            self.heard.append((name, path.name, step))

        def close(self, status: Any = "finished") -> None:
            self.heard.append(f"closed: {status}")

    sink = Recorder()
    with reportgen.start_run(name="r") as run:
        run.add_sink(sink)
        for _ in range(3):
            run.log({"a": 1.0})
        run.log_figure("plot", b"<svg xmlns='http://www.w3.org/2000/svg'/>", step=2)
    heard = [({"a": 1.0}, step) for step in range(3)]
    assert sink.heard[:3] == heard
    assert sink.heard[-1] == "closed: finished"
    assert document(run.folder)["dropped"] == {"recorder": 1}
    assert "recorder" in caplog.text


def test_what_comes_after_the_end_is_not_kept(
    quick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with reportgen.start_run(name="r") as run:
        run.log({"a": 1.0})
    sealed = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    run.log({"a": 2.0})
    run.log_text("late", "text")
    run.define_metric("a", goal="minimize")
    run.log_predictions("val", ids=[1], labels=[1], predictions=[1])
    run.log_splits({"train": [1]})
    run.finish("again")
    logging.getLogger("x").warning("late")
    print("late")
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == sealed
    assert "after the end" in caplog.text


@pytest.mark.parametrize("name", ["", 3, None])
def test_a_metric_without_a_name_cannot_be_defined(quick: Path, name: Any) -> None:
    with reportgen.start_run(name="r") as run:
        with pytest.raises(UsageError, match="define_metric"):
            run.define_metric(name)
        with pytest.raises(UsageError, match="no goal"):
            run.define_metric("a", goal="up")  # type: ignore[arg-type]


def test_names_of_people_and_machines_only_when_asked(here: Path) -> None:
    with reportgen.start_run(name="r", identify=True) as run:
        pass
    identity = document(run.folder, "environment.yaml")["identity"]
    assert identity["interpreter"] == sys.executable
    assert set(identity) == {"host", "user", "interpreter"}


def test_the_summary_can_be_asked_for_while_it_runs(quick: Path) -> None:
    with reportgen.start_run(name="r") as run:
        run.log({"val/loss": 2.0}, 0)
        run.log({"val/loss": 1.0}, 1)
        run.log({"val/loss": 3.0}, 2)
        found = run.summary()["val/loss"]
    assert (found.last, found.best, found.best_step, found.count) == (3.0, 1.0, 1, 3)


def test_the_settings_name_the_root(quick: Path) -> None:
    (quick / "reportgen.toml").write_text('roots = ["elsewhere"]\n')
    with reportgen.start_run(name="r") as run:
        pass
    assert run.folder == quick / "elsewhere" / "r"


def test_a_folder_that_is_removed_meanwhile_does_not_come_back(quick: Path) -> None:
    import shutil

    with reportgen.start_run(name="r") as run:
        run.log({"a": 1.0})
        shutil.rmtree(run.folder)
        run.log({"a": 2.0})
    assert not run.folder.exists()
