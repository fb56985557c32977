"""``reportgen serve`` as a process: it says where it is, and ends when it is told to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from site_runs import records, seeded_run

from reportgen.cli.main import main


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(sign: signal.Signals, tmp_path: Path) -> None:
    seeded_run(tmp_path / "runs", 1, "one", lr=0.1, seed=1, metrics=records(steps=5))
    command = [sys.executable, "-m", "reportgen", "serve", "runs", "--port", "0"]
    environment = {**os.environ, "REPORTGEN_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline().decode()
        found = re.match(r"(http://127\.0\.0\.1:\d+/) : 1 run, built in", line)
        assert found, line + process.stderr.read().decode()
        page = urllib.request.urlopen(found[1]).read()
        process.send_signal(sign)
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
    assert b'data-page="index.html"' in page
    assert not (tmp_path / "site").exists()


def test_no_run_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["serve", str(tmp_path / "empty")]) == 2
    assert "no run was found" in capsys.readouterr().err
