"""Several processes: each its own run, and workers that never write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from forked_programs import document, metrics_of, only_run

PROCESSES = """
import os, sys
import reportgen.logger.captures as captures
import reportgen.logger.run
from reportgen.runs.schema import Environment, Modules

captures.capture_environment = lambda **given: Environment()
captures.capture_modules = lambda top: Modules()
captures.requirements = lambda top: []
wait, go = os.pipe()
children = []
for number in range(8):
    children.append(os.fork())
    if children[-1] == 0:
        break
else:
    os.write(go, b"." * 8)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    sys.exit()

os.read(wait, 1)
with reportgen.start_run({"number": float(number)}, name="p/g/same", root="runs") as run:
    for step in range(300):
        run.log({"number": float(number), "step": step}, step)
"""

LOADER = """
import os, sys, torch, reportgen
from torch.utils.data import DataLoader, Dataset

class Images(Dataset):
    def __init__(self, run):
        self.run = run
    def __len__(self):
        return 8
    def __getitem__(self, index):
        self.run.log({"from a worker": 1.0}, index)
        print("worker prints")
        return torch.tensor(float(index))

# Not guarded, as it should be: a spawned worker imports this too, and must start no run.
run = reportgen.start_run({"lr": 1}, name="r", root="runs")

if __name__ == "__main__":
    with run:
        images = Images(run)
        loader = DataLoader(images, num_workers=2, multiprocessing_context=sys.argv[1])
        run.log({"train/total": sum(float(batch) for batch in loader)}, 0)
"""


def test_eight_processes_get_eight_runs(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROCESSES], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    folders = sorted((tmp_path / "runs" / "p" / "g").iterdir())
    assert len(folders) == 8
    numbers = set()
    for folder in folders:
        records = metrics_of(folder)
        assert [record["step"] for record in records] == list(range(300))
        number = {record["metrics"]["number"] for record in records}
        assert number == {document(folder, "config.yaml")["number"]}
        numbers |= number
        assert document(folder)["status"] == "finished"
    assert numbers == set(map(float, range(8)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_data_loader_never_write(tmp_path: Path, method: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(LOADER)
    ended = subprocess.run(
        [sys.executable, str(script), method], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    folder = only_run(tmp_path)
    assert [record["metrics"] for record in metrics_of(folder)] == [{"train/total": 28.0}]
    run = document(folder)
    assert (run["status"], run["dropped"]) == ("finished", {})
    assert (folder / "stdout.log").read_text() == ""
    assert ended.stdout.count("worker prints") == 8
