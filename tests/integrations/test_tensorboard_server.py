"""A mirrored run in TensorBoard itself: the server that people start, asked as its page asks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from matplotlib.figure import Figure

import reportgen
from reportgen.runs.view import RunView

CONFIG = {"lr": 0.1, "model": {"name": "mlp"}, "amp": True}
PROGRAM = "from tensorboard.main import run_main; run_main()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The run folder of a mirrored run."""
    with reportgen.start_run(
        CONFIG, name="r", root=tmp_path / "runs", mirror=["tensorboard"], system_every=None
    ) as run:
        for step in range(50):
            run.log({"train/loss": 1 / (step + 1), "val/accuracy": step / 50}, step=step)
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([1, 2])
        run.log_figure("curve", figure, step=49)
    return run.folder


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    """Start ``tensorboard --logdir`` on a free port of loopback; yield its address."""
    arguments = ["--logdir", str(folder.parent), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments, "--load_fast", "false"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = threading.Timer(120, process.kill)
    limit.start()
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"at (http://127\.0\.0\.1:\d+)/", line):
            break
    else:
        pytest.fail("".join(said))
    yield found[1]
    process.kill()
    process.wait()
    process.stderr.close()
    limit.cancel()


class Page:
    """What TensorBoard's page asks its server for."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._wait = threading.Event()

    def bytes(self, path: str, body: Any = None, **query: Any) -> bytes:
        url = f"{self._address}/data/{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            content: bytes = answer.read()
            return content

    def json(self, path: str, body: Any = None, **query: Any) -> Any:
        return json.loads(self.bytes(path, body, **query))

    def run(self) -> str:
        """The one run, once the server has loaded it."""
        for _ in range(300):
            runs = self.json("runs")
            if runs and self.json("plugin/images/tags").get(runs[0]):
                name: str = runs[0]
                return name
            self._wait.wait(0.1)
        pytest.fail("the server shows no run")


@pytest.mark.slow
def test_scalars_figures_and_hyperparameters_are_those_of_the_folder(
    folder: Path, server: str
) -> None:
    page, view = Page(server), RunView(folder)
    run = page.run()
    assert run == "r/tensorboard"
    assert set(page.json("plugin/scalars/tags")[run]) == view.series.keys()
    for name, series in view.series.items():
        shown = page.json("plugin/scalars/scalars", run=run, tag=name)
        assert [step for _, step, _ in shown] == list(series.steps)
        assert np.array_equal(
            np.array([value for _, _, value in shown], np.float32),
            np.array(series.values, np.float32),
        )
    (image,) = page.json("plugin/images/images", run=run, tag="curve", sample=0)
    assert image["step"] == 49
    picture = page.bytes("plugin/images/individualImage?" + image["query"])
    assert picture == (folder / "figures" / "curve_step_49.png").read_bytes()
    experiment = page.json("plugin/hparams/experiment", {"hparamsLimit": 100})
    assert {info["name"] for info in experiment["hparamInfos"]} == {"lr", "model.name", "amp"}
    wanted = {
        "startIndex": 0,
        "sliceSize": 10,
        "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [
            {"hparam": info["name"], "includeInResult": True} for info in experiment["hparamInfos"]
        ],
    }
    (group,) = page.json("plugin/hparams/session_groups", wanted)["sessionGroups"]
    assert group["hparams"] == {"lr": 0.1, "model.name": "mlp", "amp": True}
    (session,) = group["sessions"]
    assert session["status"] == "STATUS_SUCCESS"
