"""The end of each log."""

from __future__ import annotations

from pathlib import Path

from reportgen.runs.view import RunView
from reportgen.site.parts.logs import LINES, logs_of
from reportgen.testing import make_run


def logs(root: Path, **files: str | bytes | None) -> dict[str, tuple[str, bool]]:
    named = {f"{name}.log": content for name, content in files.items()}
    view = RunView(make_run(root, files=named))
    return {log.place: (log.text, log.cut) for log in logs_of(view)}


def test_a_short_log_is_whole_and_an_empty_one_is_said(tmp_path: Path) -> None:
    found = logs(tmp_path, stdout="one\ntwo\n", stderr="", training=None)
    assert found == {"stdout.log": ("one\ntwo", False), "stderr.log": ("", False)}


def test_the_last_lines_of_a_long_log(tmp_path: Path) -> None:
    text, cut = logs(tmp_path, stdout="".join(f"line {i}\n" for i in range(1000)))["stdout.log"]
    assert cut
    assert text.split("\n")[0] == f"line {1000 - LINES}"
    assert text.split("\n")[-1] == "line 999"


def test_a_log_of_many_bytes_is_read_from_its_end(tmp_path: Path) -> None:
    text, cut = logs(tmp_path, stdout="x" * 99 + "\n" + "y" * 999_999 + "\nend\n")["stdout.log"]
    assert cut
    assert text == "end"


def test_bytes_that_are_no_text_and_lines_without_end(tmp_path: Path) -> None:
    text, _ = logs(tmp_path, stdout=b"\xff\xfeab\n" + b"z" * 5_000 + b"\n")["stdout.log"]
    assert text.startswith("\ufffd\ufffdab\n")
    assert text.endswith("(5,000 characters)")


def test_a_link_is_no_log(tmp_path: Path) -> None:
    folder = make_run(tmp_path, files={"stdout.log": None})
    (folder / "stdout.log").symlink_to("/etc/passwd")
    assert "stdout.log" not in [log.place for log in logs_of(RunView(folder))]
