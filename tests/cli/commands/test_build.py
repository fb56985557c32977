"""``reportgen build`` as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from importers.events import scalar, write_events
from site_runs import seeded_run

from reportgen.cli.main import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return seeded_run(tmp_path / "runs", 1, "one", lr=0.1, seed=1).parents[2]


def test_a_site_is_built_and_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "runs", "-o", "out"]) == 0
    assert (runs.parent / "out" / "index.html").is_file()
    said = capsys.readouterr()
    pages = len(list((runs.parent / "out").rglob("*.html")))
    assert said.out.startswith(f"out/index.html: 1 run, {pages} pages, ")
    assert said.err == ""


def test_without_arguments_the_roots_of_the_settings_are_built(runs: Path) -> None:
    (runs.parent / "reportgen.toml").write_text('roots = ["runs"]\n[site]\ntitle = "Mine"\n')
    assert main(["build"]) == 0
    assert b"<title>Overview \xc2\xb7 Mine</title>" in (Path("site") / "index.html").read_bytes()


def test_the_title_of_the_command_line_wins(runs: Path) -> None:
    assert main(["build", "runs", "--title", "Other"]) == 0
    assert b"Overview \xc2\xb7 Other" in (Path("site") / "index.html").read_bytes()


def test_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "runs", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result.keys() == {"runs", "pages", "bytes", "reused", "seconds", "index"}
    assert (result["runs"], result["index"]) == (1, "site/index.html")


def test_what_cannot_be_read_is_left_out_and_said(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "bad").mkdir()
    (runs / "bad" / "run.yaml").write_text("[1]\n")
    assert main(["build", "runs"]) == 3
    assert "bad/run.yaml: is a list" in capsys.readouterr().err
    assert b"Not read" in (Path("site") / "index.html").read_bytes()


def test_a_link_in_a_run_is_said_and_not_followed(runs: Path) -> None:
    run = next(runs.rglob("run.yaml")).parent
    (run / "notes.txt").symlink_to("/etc/passwd")
    (run / "stdout.log").unlink()
    (run / "stdout.log").symlink_to("/etc/passwd")
    assert main(["build", "runs"]) == 0
    page = next(Path("site", "runs").glob("one-*/index.html")).read_text()
    assert "notes.txt" in page
    assert "is a link: not read, not followed" in page
    assert not [p for p in Path("site").rglob("*") if p.is_file() and b"root:x:0" in p.read_bytes()]


def test_a_file_that_cannot_be_read_makes_the_status_3(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (next(runs.rglob("run.yaml")).parent / "config.yaml").write_text("a: [1\n")
    assert main(["build", "runs"]) == 3
    assert "config.yaml" in capsys.readouterr().err
    assert Path("site", "index.html").is_file()


def test_a_bar_counts_every_part(runs: Path) -> None:
    from reportgen.site.build import build_site

    parts: list[tuple[int, int]] = []
    build_site([runs], runs.parent / "out", advance=lambda *part: parts.append(part))
    assert parts[-1] == (2, 2)
    assert parts == sorted(parts)


def test_strict_builds_nothing_then(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "bad").mkdir()
    (runs / "bad" / "run.yaml").write_text("[1]\n")
    assert main(["build", "runs", "--strict"]) == 2
    assert "1 of the inputs cannot be read" in capsys.readouterr().err
    assert not Path("site").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no such folder"),
        (["empty"], "no run was found"),
        (["runs", "-o", "runs"], "is, contains or lies in the run"),
        (["runs", "-o", "."], "is, contains or lies in the run"),
        (["runs", "--theme", "papper"], "no theme 'papper'"),
        (["runs", "--theme", "./nowhere"], "is no theme"),
    ],
)
def test_refusals_do_nothing(
    runs: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs.parent / "empty").mkdir()
    assert main(["build", *words]) == 2
    assert said in capsys.readouterr().err
    assert not Path("site").exists()


def test_as_a_process(runs: Path) -> None:
    command = [sys.executable, "-m", "reportgen", "build", "runs", "--quiet"]
    result = subprocess.run(command, cwd=runs.parent, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("site/index.html: ")


def test_another_tool_s_logs_are_imported_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        write_events(Path("logs") / name, [scalar("val/accuracy", 0.5, step) for step in range(9)])
    for site in ("one", "two"):
        assert main(["build", "logs", "-o", site]) == 0
    assert capsys.readouterr().out.startswith("one/index.html: 2 runs, ")
    first, second = (
        {p.relative_to(site): p.read_bytes() for p in Path(site).rglob("*") if p.is_file()}
        for site in ("one", "two")
    )
    assert first == second
    assert not [name for name, data in first.items() if b"reportgen-import-" in data]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "one", "two"]


def test_damaged_logs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_events(Path("logs"), [scalar("val/accuracy", 0.5, step) for step in range(9)])
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(bytes(data))
    assert main(["build", "logs"]) == 3
    assert "does not match its CRC and is left out" in capsys.readouterr().err
    assert main(["build", "logs", "--strict"]) == 2
