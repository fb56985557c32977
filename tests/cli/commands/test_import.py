from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from importers.events import scalar, write_events

from reportgen.cli.main import main
from reportgen.runs.discovery import find_runs


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        events = [scalar("val/accuracy", step / 20, step) for step in range(20)]
        write_events(tmp_path / "logs" / name, events)
    return tmp_path / "logs"


def test_logs_become_runs(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs"
    assert main(["import", str(logs), "-o", str(out)]) == 0
    captured = capsys.readouterr()
    lines = [line.split("\t") for line in captured.out.splitlines()]
    assert [line[:5] for line in lines] == [
        ["state", "name", "source", "series", "points"],
        ["new", "a", "a", "1", "20"],
        ["new", "b", "b", "1", "20"],
    ]
    assert captured.err == f"TensorBoard: 2 new in {out}\n"
    assert [ref.relative for ref in find_runs([out]).runs] == ["a", "b"]
    assert main(["import", str(logs), "-o", str(out), "--from", "tensorboard"]) == 0
    assert capsys.readouterr().err == f"TensorBoard: 2 unchanged in {out}\n"


def test_json(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(logs / "a"), "-o", str(tmp_path / "runs"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "tensorboard"
    assert found["unreadable"] == []
    (run,) = found["runs"]
    assert {key: run[key] for key in ("name", "source", "series", "points", "config_keys")} == {
        "name": "a",
        "source": ".",
        "series": 1,
        "points": 20,
        "config_keys": 0,
    }
    assert run["left_out"] == []
    assert len(run["id"]) == 16
    assert Path(run["path"]).is_dir()


def test_one_file(logs: Path, tmp_path: Path) -> None:
    (file,) = (logs / "a").iterdir()
    assert main(["import", str(file), "-o", str(tmp_path / "runs")]) == 0
    assert [ref.relative for ref in find_runs([tmp_path / "runs"]).runs] == ["a"]


def test_what_cannot_be_read_is_named_and_the_rest_is_imported(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = (logs / "a").iterdir()
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(bytes(data))
    assert main(["import", str(logs), "-o", str(tmp_path / "runs"), "--json"]) == 3
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    (unreadable,) = found["unreadable"]
    assert unreadable["path"] == "a/events.out.tfevents.1760000000.host.77.0"
    assert "byte" in unreadable["message"]
    assert captured.err.startswith("reportgen: a/events.out.tfevents.1760000000.host.77.0: ")
    assert [run["name"] for run in found["runs"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{logs}/gone", "-o", "{out}"], "there is no such file or folder"),
        (["{logs}/empty", "-o", "{out}"], "holds no logs of a tool that is known"),
        (["{logs}/empty", "-o", "{out}", "--from", "tensorboard"], "holds no run of TensorBoard"),
        (["{logs}", "-o", "{out}", "--from", "nothing"], "nothing"),
        (["{logs}", "-o", "{logs}/runs"], "lies in the folder that is imported"),
        (["{logs}"], "-o"),
        (["{logs}", "-o", "{logs}/../file"], "cannot be written"),
    ],
)
def test_refused(
    logs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    (logs / "empty").mkdir()
    (tmp_path / "file").write_text("")
    filled = [word.format(logs=logs, out=tmp_path / "runs") for word in words]
    assert main(["import", *filled]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_hostile_tags_reach_no_file_name_and_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = ["../../x", "\x1b]0;x\x07", "<script>", "::error::x"]
    write_events(tmp_path / "logs" / "a\x1b[31m", [scalar(tag, 1.0, 1) for tag in tags])
    assert main(["import", str(tmp_path / "logs"), "-o", str(tmp_path / "runs")]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    names = {path.name for path in (tmp_path / "runs").rglob("*")}
    assert not [name for name in names if "\x1b" in name or "script" in name]


def test_what_else_is_there_is_said(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (logs / "metrics.csv").write_text("step,loss\n0,1\n")
    words = ["import", str(logs), "-o", str(tmp_path / "runs")]
    assert main(words) == 0
    assert "Also there: CSV, which --from csv imports\n" in capsys.readouterr().err
    assert main([*words, "--from", "csv"]) == 0
    assert "Also there" not in capsys.readouterr().err
    assert len(find_runs([tmp_path / "runs"]).runs) == 3


def test_names_that_are_no_unicode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs" / os.fsdecode(b"run-\xff")
    try:
        write_events(folder, [scalar("x", 1.0, 1)])
    except OSError:
        pytest.skip("this file system takes no such name")
    write_events(tmp_path / "logs" / "b", [scalar("x", 1.0, 1)])
    words = ["import", str(tmp_path / "logs"), "-o", str(tmp_path / "runs")]
    assert main([*words, "--json"]) == 0
    names = [run["name"] for run in json.loads(capsys.readouterr().out)["runs"]]
    assert names == ["b", "run-\\xff"]
    assert main(words) == 0
    assert "2 unchanged" in capsys.readouterr().err
    assert main(["list", str(tmp_path / "runs")]) == 0


def test_tensorboard_is_not_imported(logs: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from reportgen.cli.main import main\n"
        f"main(['import', {str(logs)!r}, '-o', {str(tmp_path / 'runs')!r}])\n"
        "heavy = {'tensorboard', 'torch', 'google.protobuf', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} loaded' if heavy else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
