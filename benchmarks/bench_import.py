"""What importing TensorBoard's logs costs beside reading them with TensorBoard's own reader.

Usage: bench_import.py [RUNS [TAGS [STEPS]]] (20 10 500): RUNS folders of TAGS scalars at STEPS
steps, written by TensorBoard's own writer. "import" is the whole of `reportgen import`, writing
and sealing the run folders included, in a process of its own; EventAccumulator only loads the
scalars into memory. Processor time of the process, the median of three.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Row, machine, print_rows

ROUNDS = 3
_PROGRAM = """
import json, resource, sys
{body}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, points]))
"""
_NOTHING = "import numpy, tensorboard.backend.event_processing.event_accumulator\npoints = 0"
_OURS_NOTHING = "import reportgen.cli.importing, reportgen.cli.commands.import_\npoints = 0"
_THEIRS = """
from pathlib import Path
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
points = 0
for folder in sorted(Path(sys.argv[1]).iterdir()):
    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    reader.Reload()
    points += sum(len(reader.Scalars(tag)) for tag in reader.Tags()["scalars"])
"""
_OURS = """
from pathlib import Path
from reportgen.cli.importing import import_runs
from reportgen.importers import by_name
from reportgen.importers.interface import ImportOptions
source = Path(sys.argv[1])
result = import_runs(
    by_name("tensorboard"), source, source.parent / sys.argv[2], ImportOptions()
)
points = sum(facts["points"] for _, facts in result.runs)
"""


def main() -> None:
    runs, tags, steps = (
        int(sys.argv[at]) if len(sys.argv) > at else default
        for at, default in ((1, 20), (2, 10), (3, 500))
    )
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        write_logs(logs, runs, tags, steps)
        theirs = [measured(_THEIRS, logs) for _ in range(ROUNDS)]
        ours = [measured(_OURS, logs, f"runs-{number}") for number in range(ROUNDS)]
        megabytes = sum(path.stat().st_size for path in logs.rglob("*")) / 1e6
    assert {count for _, count in theirs + ours} == {runs * tags * steps}
    their_start = statistics.median(measured(_NOTHING, logs)[0] for _ in range(3))
    our_start = statistics.median(measured(_OURS_NOTHING, logs)[0] for _ in range(3))
    their_seconds = statistics.median(seconds for seconds, _ in theirs)
    our_seconds = statistics.median(seconds for seconds, _ in ours)
    points = runs * tags * steps
    rows = [
        Row(f"logs of {runs} runs, {points:,} points", f"{megabytes:.0f} MB"),
        Row(
            "EventAccumulator, into memory", f"{their_seconds:.2f} s", f"start {their_start:.2f} s"
        ),
        Row("import, to run folders", f"{our_seconds:.2f} s", f"start {our_start:.2f} s"),
        Row(
            "how many times faster",
            f"{their_seconds / our_seconds:.1f}",
            f"{(their_seconds - their_start) / (our_seconds - our_start):.1f} without the starts",
            ">= 15",
        ),
    ]
    print_rows(f"TensorBoard import ({machine()})", rows)


def write_logs(folder: Path, runs: int, tags: int, steps: int) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for run in range(runs):
        writer = EventFileWriter(str(folder / f"run_{run}"), max_queue_size=10_000, flush_secs=600)
        for step in range(steps):
            for tag in range(tags):
                value = math.exp(-step / 300) + tag + run / 1000
                summary = Summary(value=[Summary.Value(tag=f"train/m{tag}", simple_value=value)])
                wall = 1.76e9 + step + tag / 1e4
                writer.add_event(Event(wall_time=wall, step=step, summary=summary))
        writer.close()


def measured(body: str, *words: object) -> tuple[float, int]:
    program = _PROGRAM.format(body=body)
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    seconds, points = json.loads(result.stdout)
    return seconds, points


if __name__ == "__main__":
    main()
