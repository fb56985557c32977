#!/bin/sh
# Runs mlp_digits_20261123-184559_lr0.1_width64_seed13 (01M84VNBJR0JEWGH) again and compares its metrics.
#
#     bash reproduce.sh [NEW_FOLDER]
#
# Restores commit and uncommitted changes into a new folder, installs the recorded
# packages there and runs the recorded command: that is the code of whoever made the run,
# with your rights. Your repository stays as it is. It ends with 0 when the metrics are
# equal or within 1e-5 relative, 1 when they differ, 2 when it refuses, 3 when it cannot.
#
# Code, packages and data come from code.bundle, wheels/ and inputs/ that lie beside this
# file or, in a bundle of reportgen, around its folder; then nothing is downloaded.
#
# REPORTGEN_REPO=FOLDER    a repository that has the commit, instead of code.bundle, the
#                          repository this file lies in or the recorded remote
# REPORTGEN_PYTHON=PYTHON  the interpreter of an environment that has the packages
# REPORTGEN_DATA=FOLDER    where recorded inputs are that git does not hold

set -eu

# ---- what was recorded
# command: train.py --config configs/mlp.yaml --group golden --lr 0.1 --width 64 --note 'How far does the best setting of the search vary over seeds?' --seed 13
COMMIT=054b4c2d38371ec1421312e2dc9b1511725bfe13
TREE=1b75b09851fe38000ce4e9d0f503406673968fd6
PATCH_SHA256=
REMOTE=''
PYTHON_VERSION=3.11.7
REMOTE_REFUSED=0
REQUIREMENTS='altair==6.3.0
attrs==26.1.0
cloudpickle==3.1.2
contourpy==1.3.3
cycler==0.12.1
filelock==4.2.12
fonttools==4.68.0
fsspec==2026.9.0
gitdb==4.0.12
gitpython==3.2.1
jinja2==3.1.6
joblib==1.6.0
jsonschema==4.26.0
jsonschema-specifications==2025.9.1
kiwisolver==1.5.1
markdown-it-py==4.3.0
markupsafe==3.0.4
matplotlib==3.11.2
mdurl==0.1.2
mpmath==1.3.0
msgspec==0.22.0
narwhals==2.29.0
networkx==3.6.1
numpy==2.4.6
orjson==3.13.0
packaging==26.3
pandas==3.1.1
pillow==13.0.0
pip==23.2.1
psutil==7.2.2
pygments==2.21.0
pyparsing==3.3.3
python-dateutil==4.0.0
pyyaml==6.0.3
referencing==0.37.0
rich==15.0.0
rpds-py==2026.9.1
scikit-learn==1.9.1
scipy==1.17.1
setuptools==84.2.1
shtab==1.13.0
smmap==5.0.3
sympy==1.14.0
threadpoolctl==3.8.0
torch==2.13.0
tsdownsample==0.1.5.1
typing-extensions==4.16.0
tzdata==2026.6'
REQUIREMENTS_LABELLED=torch==2.13.0+cpu
REQUIREMENTS_OWN=reportgen-runs
REQUIREMENTS_REFUSED='[]'
export ATEN_CPU_CAPABILITY=default
export CUBLAS_WORKSPACE_CONFIG=:4096:8
export MKL_CBWR=COMPATIBLE
export OMP_NUM_THREADS=1
export ONEDNN_MAX_CPU_ISA=SSE41
export PYTHONHASHSEED=0
unset DNNL_MAX_CPU_ISA KMP_DETERMINISTIC_REDUCTION MKL_DYNAMIC MKL_ENABLE_INSTRUCTIONS MKL_NUM_THREADS MKL_THREADING_LAYER NUMEXPR_NUM_THREADS NVIDIA_TF32_OVERRIDE OMP_DYNAMIC OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS TF_CUDNN_DETERMINISTIC TF_DETERMINISTIC_OPS TORCH_ALLOW_TF32_CUBLAS_OVERRIDE VECLIB_MAXIMUM_THREADS XLA_FLAGS
RECORDED='{
"run": "01M84VNBJR0JEWGH",
"name": "mlp_digits_20261123-184559_lr0.1_width64_seed13",
"writer": "1.0.0.dev1",
"argv": ["train.py", "--config", "configs/mlp.yaml", "--group", "golden", "--lr", "0.1", "--width", "64", "--note", "How far does the best setting of the search vary over seeds?", "--seed", "13"],
"cwd": "example_runs",
"python_program": true,
"wrapped": false,
"seeds": {"python": 13, "numpy": 13, "torch": 13, "state_sha256": {"python": "4c60333fb74dd13f56f159921f5a9edac58712f35c4580955a08f0243ca8fbea", "numpy": "0ea7296d87c7fe6f2b0b07b55ab1a441ef46ad053bd347cb97b86a7dec46150c", "torch": "0ea7296d87c7fe6f2b0b07b55ab1a441ef46ad053bd347cb97b86a7dec46150c"}},
"inputs": [{"path": "example_runs/data/digits.csv", "sha256": "a7fe9b69889d479c0ffea045159950fed0147d73ee867c8813275fe81c02ac46", "bytes": 272842, "files": null}],
"left_out": [],
"metrics": {"train/loss": [0.034589920192956924, 344, 345], "train/lr": [0.1, 344, 345], "train/grad_norm": [0.6792619228363037, 344, 345], "val/loss": [0.06912458688020706, 344, 15], "val/accuracy": [0.9832869080779945, 344, 15]},
"obstacles": [],
"notes": [],
"redacted": {}
}'

# ---- what is done with it
STEPS='"""The steps of reproduce.sh that a shell is no good at, with the standard library alone.

The script carries this file as text and runs it as ``python -I steps.py STEP ...`` from its new
folder, so nothing of reportgen is imported here and no apostrophe may stand in it.
``recorded.json`` beside it holds what the run recorded. A step ends with the status that the
script ends with: 0 to go on, 2 refused, 3 cannot.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LINKS = re.compile(rb"(?:new file mode|new mode) 1[26]0000|index [0-9a-f]+\.\.[0-9a-f]+ 1[26]0000")

RUN_SCHEMA = re.compile(rb"(?m)^schema: [\x22\x27]?reportgen\.run/\d")
REDACTED = re.compile(rb"<(?:redacted:[^<>]{0,60}|unscanned)>")


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def stop(status: int, text: str) -> int:
    say(f"reproduce.sh: {text}")
    return status


def recorded(key: str) -> Any:
    return json.loads(HERE.joinpath("recorded.json").read_text("ascii"))[key]


def shown(value: object, length: int = 300) -> str:
    text = "".join(char if char.isprintable() else "?" for char in str(value))
    return text if len(text) <= length else f"{text[:length]}..."


# -- before anything is done ------------------------------------------------------------------


def refuse(patch: str, sha256: str) -> int:
    """Refuse what must not be tried: obstacles, secrets not given, a patch that is another."""
    if recorded("obstacles"):
        reasons = shown("; ".join(recorded("obstacles")))
        return stop(3, f"this run cannot be run again from its record: {reasons}")
    missing = [name for name in recorded("redacted").values() if not os.environ.get(name)]
    if missing:
        names = ", ".join(missing)
        return stop(2, f"an argument was not recorded because it looked secret; set {names}")
    return _refuse_patch(Path(patch), sha256) if sha256 else 0


def _refuse_patch(patch: Path, sha256: str) -> int:
    if not patch.is_file():
        return stop(3, f"{patch.name} is not beside this script: it holds what was not committed")
    content = patch.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        return stop(2, f"{patch.name} is not the recorded one: its SHA-256 is another")
    linking = any(LINKS.match(line) for line in content.split(b"\n"))
    if linking and not os.environ.get("REPORTGEN_ALLOW_LINKS"):
        advice = "read it, then set REPORTGEN_ALLOW_LINKS=1"
        return stop(2, f"{patch.name} makes links or submodules; {advice}")
    return 0


def plan() -> int:
    """Say what will be run, in the words of the record."""
    command, cwd = shlex.join(recorded("argv")), recorded("cwd")
    seeds = [f"{name} {seed}" for name, seed in recorded("seeds").items() if name != "state_sha256"]
    say(f"  command   {shown(command)}")
    say(f"  in        {shown(cwd)}")
    if seeds:
        words = ", ".join(seeds)
        say(f"  seeds     {shown(words)}")
    for note in recorded("notes"):
        say(f"  note      {shown(note)}")
    return 0


# -- code, data, packages ---------------------------------------------------------------------


def reduce(tree: str) -> int:
    """From the paths of an index (NUL-separated), print those that the recorded tree is without.

    Runs do not count as code: folders with the run.yaml of a run, sweep.yaml beside them and
    models.yaml in the folders above.
    """
    paths = [path for path in sys.stdin.buffer.read().split(b"\0") if path]
    runs = {path.rpartition(b"/")[0] for path in paths if _is_run_file(os.fsencode(tree), path)}
    beside = {run.rpartition(b"/")[0] + b"/sweep.yaml" for run in runs}
    above = {folder + b"/models.yaml" for run in runs for folder in _folders(run)}
    left_out = {path.encode("utf-8", "surrogateescape") for path in recorded("left_out")}
    for path in paths:
        about = path in beside or path in above or path in left_out
        if about or any(folder in runs or folder in left_out for folder in _folders(path)):
            sys.stdout.buffer.write(path + b"\0")
    return 0


def _is_run_file(tree: bytes, path: bytes) -> bool:
    place = os.path.join(tree, path)
    if not path.endswith(b"/run.yaml") or os.path.islink(place):
        return False
    try:
        with open(place, "rb") as stream:
            start = stream.read(4096)
    except OSError:
        return False
    return RUN_SCHEMA.search(start) is not None


def _folders(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def inputs(tree: str, source: str) -> int:
    """Copy the recorded inputs that git does not hold into the restored tree, each verified."""
    for entry in recorded("inputs"):
        path, sha256 = shown(entry["path"]), entry["sha256"]
        target, kept = Path(tree, entry["path"]), Path(source, entry["path"])
        if target.exists():
            if sha256 and fingerprint(target) != sha256:
                say(f"  note      {path} is not the input that was recorded")
            continue
        if not source or not kept.exists():
            advice = "set REPORTGEN_DATA to the folder that holds it at this path"
            return stop(3, f"the input {path} is not in the repository; {advice}")
        if sha256 and fingerprint(kept) != sha256:
            return stop(3, f"{shown(kept)} is not the input that was recorded (SHA-256 {sha256})")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy: Any = shutil.copytree if kept.is_dir() else shutil.copyfile
        copy(kept, target)
        say(f"  input     {path} copied")
    return 0


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file, or of the sorted lines "<sha256>  <path>" of the files in a folder."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    files = [below for below in path.rglob("*") if below.is_file() and not below.is_symlink()]
    names = {os.fsencode(below.relative_to(path).as_posix()): below for below in files}
    ordered = sorted(names, key=lambda name: name.decode("utf-8", "surrogateescape"))
    lines = [f"{fingerprint(names[name])}  ".encode() + name + b"\n" for name in ordered]
    return hashlib.sha256(b"".join(lines)).hexdigest()


def packages(requirements: str) -> int:
    """Say which of the recorded packages an existing environment has in another version."""
    other = []
    for line in Path(requirements).read_text("utf-8").splitlines():
        name, pinned, version = line.partition("==")
        try:
            here = metadata.version(name).partition("+")[0] if pinned else version
        except metadata.PackageNotFoundError:
            here = "missing"
        if here != version:
            other.append(f"{name} {version}, here {here}")
    for difference in other[:10]:
        say(f"  note      recorded {difference}")
    if len(other) > 10:
        say(f"  note      and {len(other) - 10} more packages differ")
    return 0


# -- the run ----------------------------------------------------------------------------------


def run(tree: str, python: str) -> int:
    """Become the recorded command, each argument byte for byte, without a shell."""
    words = [argument.encode("utf-8", "surrogateescape") for argument in recorded("argv")]
    for place, name in recorded("redacted").items():
        secret = os.fsencode(os.environ.pop(name))
        words[int(place)] = secret.join(REDACTED.split(words[int(place)]))
    program = os.fsencode(python)
    if recorded("python_program"):
        words.insert(0, program)
    elif re.fullmatch(rb"(?:.*/)?python(?:3(?:\.\d+)?)?", words[0]):
        words[0] = program
    os.chdir(Path(tree, recorded("cwd")))
    if recorded("wrapped"):
        tracker = _tracker(python)
        if not tracker:
            advice = "install reportgen-runs, or set REPORTGEN_PYTHON to where it is"
            return stop(3, f"the run was recorded by `reportgen run`, which is not here; {advice}")
        words = [*map(os.fsencode, tracker), b"run", b"--", *words]
    try:
        os.execvp(words[0], words)  # noqa: S606
    except OSError as error:
        name = shown(words[0].decode("utf-8", "replace"))
        return stop(3, f"{name} cannot be run: {error.strerror}")


def _tracker(python: str) -> list[str]:
    asked = subprocess.run([python, "-c", "import reportgen.cli"], capture_output=True)
    if asked.returncode == 0:
        return [python, "-m", "reportgen"]
    found = shutil.which("reportgen")
    return [found] if found else []


def runs() -> int:
    """Print every run folder below the new folder, as JSON."""
    found = []
    for folder, below, names in os.walk(HERE):
        below[:] = sorted(name for name in below if name not in (".git", "environment"))
        if "run.yaml" in names:
            found.append(folder)
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    known: Any = {
        step.__name__: step for step in (refuse, plan, reduce, inputs, packages, run, runs)
    }
    sys.exit(known[sys.argv[1]](*sys.argv[2:]))
'

COMPARISON='"""Compare the metrics of a replay with the recorded ones, with the standard library alone.

reproduce.sh carries this file as text and runs it as ``python -I comparison.py FOLDER`` from its
new folder, so nothing of reportgen is imported here and no apostrophe may stand in it. FOLDER is
the one that the script lies in. Ends with 0 when all is equal or within the band, 1 when
something differs, 3 when there is nothing to compare.
"""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BAND = 1e-5
ROWS = 40
MEASURES_THE_MACHINE = re.compile(
    r"(?:^|[/_. -])(?:time|times|sec|secs|seconds|ms|duration|elapsed|eta|wall|wallclock|runtime"
    r"|throughput|fps|latency|mem|memory|rss|util|utilization|power|watts|temperature)"
    r"(?:[/_. -]|$)",
    re.IGNORECASE,
)
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Points = list[tuple[int, float]]


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def plain(value: object, length: int = 200) -> str:
    text = "".join(char if char.isprintable() else "?" for char in str(value))
    return text if len(text) <= length else f"{text[:length]}..."


def fact(name: str) -> Any:
    return json.loads(HERE.joinpath(name).read_text("utf-8"))


def main(beside: Path) -> int:
    before = fact("runs_before.json")
    new = [Path(folder) for folder in fact("runs_after.json") if folder not in before]
    if not new:
        say(f"reproduce.sh: the command ended and wrote no run folder below {plain(HERE)}")
        return 3
    replayed = max(new, key=lambda folder: (same_config(folder, beside), folder))
    say(f"  replayed  {plain(replayed)}")
    compare_seeding(replayed, fact("recorded.json")["seeds"])
    there = read_points(replayed / "metrics.jsonl")
    kept = beside / "metrics.jsonl"
    if kept.is_file():
        return judge(read_points(kept), there, whole=finished(beside))
    say("  note      metrics.jsonl is not beside this script: last values alone are compared")
    last = {name: points[-1:] for name, points in there.items()}
    return judge(last_values(fact("recorded.json")["metrics"]), last, whole=True)


def judge(recorded: dict[str, Points], replayed: dict[str, Points], *, whole: bool) -> int:
    """Compare every series but those that measure the machine."""
    verdict = Verdict()
    for name, points in recorded.items():
        if MEASURES_THE_MACHINE.search(name):
            say(f"  note      {plain(name, 60)} measures the machine and is not compared")
        else:
            verdict.add(name, points, replayed.get(name, []), whole=whole)
    if not verdict.rows:
        say("reproduce.sh: the run recorded no metric to compare")
        return 3
    return verdict.tell()


def last_values(recorded: dict[str, Any]) -> dict[str, Points]:
    """The recorded last value of each series as a series of that one point."""
    last: dict[str, Points] = {}
    for name, (value, step, _) in recorded.items():
        value = number(value)
        if value is not None and step is not None:
            last[name] = [(step, value)]
    return last


def number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NON_FINITE.get(value) if isinstance(value, str) else None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def same_config(run: Path, beside: Path) -> bool:
    try:
        return (run / "config.yaml").read_bytes() == (beside / "config.yaml").read_bytes()
    except OSError:
        return False


def finished(folder: Path) -> bool:
    try:
        text = folder.joinpath("run.yaml").read_text("utf-8", "replace")
    except OSError:
        return True
    return re.search(r"^status: (?!finished)\w+", text, re.MULTILINE) is None


def compare_seeding(run: Path, seeds: Any) -> None:
    """Seeding shows in the states of the generators right after it, which both sides recorded."""
    states = seeds.get("state_sha256", {})
    try:
        environment = run.joinpath("environment.yaml").read_text("utf-8", "replace")
    except OSError:
        return
    other = [library for library, state in states.items() if state not in environment]
    if other:
        say(f"  note      seeded in another way: {plain(other)}")


def read_points(path: Path) -> dict[str, Points]:
    """The series of a metrics.jsonl; what a resumed attempt repeats replaces what was before."""
    series: dict[str, Points] = {}
    current: dict[str, int] = {}
    attempt = 1
    for line in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
            step, values = record.get("step"), record.get("metrics")
        except (ValueError, AttributeError):
            continue
        attempt += record.get("event") == "resume"
        if not isinstance(values, dict) or not isinstance(step, int):
            continue
        for name, value in values.items():
            value = number(value)
            if value is None:
                continue
            points = series.setdefault(name, [])
            if current.setdefault(name, attempt) != attempt:
                current[name] = attempt
                points[:] = [point for point in points if point[0] < step]
            points.append((step, value))
    return series


def difference(a: float, b: float) -> float:
    """Relative to the larger of both; 0 for two NaN, infinite where only one is finite."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not math.isfinite(a) or not math.isfinite(b):
        return math.inf
    return abs(a / 2 - b / 2) / (max(abs(a), abs(b), 1e-300) / 2)


class Verdict:
    """What the comparison of all series found."""

    def __init__(self) -> None:
        self.values = 0
        self.series = 0
        self.worst = (0.0, "")
        self.first: tuple[int, str] | None = None
        self.faults: list[str] = []
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, name: str, recorded: Points, replayed: Points, *, whole: bool) -> None:
        """Compare one series; with ``whole``, points beyond the recorded ones are a fault too."""
        label = plain(name, 60)
        if not replayed:
            self.faults.append(f"{label} is missing")
            self.rows.append((label, str(recorded[-1][1]), "-", "missing"))
            return
        self.series += 1
        largest = 0.0
        for (step, a), (other_step, b) in zip(recorded, replayed, strict=False):
            if step != other_step:
                self.faults.append(f"{label} has step {other_step} in place of {step}")
                break
            self.values += 1
            relative = difference(a, b)
            largest = max(largest, relative)
            words = f"{label}, step {step}: recorded {a!r}, replayed {b!r}"
            if relative > self.worst[0]:
                self.worst = (relative, words)
            if relative > BAND and (self.first is None or step < self.first[0]):
                self.first = (step, words)
        if len(replayed) < len(recorded) or (whole and len(replayed) > len(recorded)):
            self.faults.append(f"{label} has {len(replayed)} points in place of {len(recorded)}")
        last = min(len(recorded), len(replayed)) - 1
        self.rows.append(
            (label, repr(recorded[last][1]), repr(replayed[last][1]), f"{largest:.2g}")
        )

    def tell(self) -> int:
        """Print the table and the verdict; return the exit status."""
        head = ("metric (last value)", "recorded", "replayed", "largest difference")
        rows = [head, *self.rows[:ROWS]]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            show("  ".join(cells).rstrip())
        if len(self.rows) > ROWS:
            show(f"and {len(self.rows) - ROWS} more")
        extent = f"{self.series} metrics, {self.values} values"
        if not self.faults and self.worst[0] == 0:
            show(f"identical: {extent}, equal to the last digit")
            return 0
        if not self.faults and self.worst[0] <= BAND:
            show(f"within the band of {BAND:g}: {extent}")
            show(f"largest relative difference {self.worst[0]:.2g}: {self.worst[1]}")
            return 0
        for fault in self.faults[:ROWS]:
            show(f"differs: {fault}")
        if self.first:
            show(f"differs: first beyond {BAND:g} relative at {self.first[1]}")
            show(f"differs: most, by {self.worst[0]:.2g} relative, at {self.worst[1]}")
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
'

say() { printf '%s\n' "$*" >&2; }

stop() {
    status=$1
    shift
    printf 'reproduce.sh: %s\n' "$*" >&2
    exit "$status"
}

# A folder that holds no restored code is of no use to anybody.
tidy() {
    status=$?
    if [ -n "$folder" ] && [ "$restored" = no ]; then rm -rf -- "$folder"; fi
    exit "$status"
}

# What was handed over with a run lies beside this script or, in a bundle, around its folder:
# code.bundle (its code), wheels (its packages) and inputs (data that git does not hold).
find_handed_over() {
    handed=$beside
    if [ -f "$beside/../bundle.json" ]; then handed=$(CDPATH='' cd -- "$beside/.." && pwd -P); fi
    wheels=''
    if [ -d "$handed/wheels" ]; then
        wheels=$handed/wheels
        REQUIREMENTS=$(printf '%s\n' "$REQUIREMENTS" | sed 's/ @ .*//')
    fi
    data=${REPORTGEN_DATA:-}
    if [ -z "$data" ] && [ -d "$handed/inputs" ]; then data=$handed/inputs; fi
}

make_folder() {
    case ${1:-} in
        -h | --help)
            say "usage: bash reproduce.sh [NEW_FOLDER]"
            exit 0
            ;;
        -*) stop 2 "there is no option $1; usage: bash reproduce.sh [NEW_FOLDER]" ;;
        "") folder=$(mktemp -d "${TMPDIR:-/tmp}/reproduce.XXXXXX") || stop 3 "no new folder" ;;
        *)
            if [ -e "$1" ] || [ -L "$1" ]; then stop 2 "$1 exists; name a folder that does not"; fi
            mkdir -- "$1" || stop 2 "the folder $1 cannot be made"
            folder=$1
            ;;
    esac
    folder=$(CDPATH='' cd -- "$folder" && pwd -P)
    tree=$folder/tree
    printf '%s\n' "$STEPS" >"$folder/steps.py"
    printf '%s\n' "$COMPARISON" >"$folder/comparison.py"
    printf '%s\n' "$RECORDED" >"$folder/recorded.json"
    printf '%s\n' "$REQUIREMENTS" >"$folder/requirements.txt"
}

step() { "$python" -I "$folder/steps.py" "$@"; }

# The interpreter that runs the steps: of the environment that was named, else any of the
# recorded version, from which the environment is made later.
choose_python() {
    wanted=$(printf '%s' "$PYTHON_VERSION" | cut -d . -f 1,2)
    if [ -n "${REPORTGEN_PYTHON:-}" ]; then
        python=$(command -v -- "$REPORTGEN_PYTHON") ||
            stop 2 "REPORTGEN_PYTHON is $REPORTGEN_PYTHON, which is no program"
        case $python in /*) ;; *) python=$PWD/$python ;; esac
        here=$(python_version "$python") || stop 3 "$python is no Python that runs"
        if [ -n "$wanted" ] && [ "$here" != "$wanted" ]; then
            say "  note      Python $here here, $PYTHON_VERSION recorded: numbers may differ"
        fi
        return
    fi
    for name in ${wanted:+"python$wanted"} python3 python; do
        python=$(command -v "$name") || continue
        if here=$(python_version "$python") && [ "${wanted:-$here}" = "$here" ]; then return; fi
    done
    if command -v uv >/dev/null; then
        uv venv --quiet ${wanted:+--python "$wanted"} "$folder/environment" >&2 &&
            python=$folder/environment/bin/python && return
    fi
    stop 3 "the run needs Python ${wanted:-3}; install it, or uv, or set REPORTGEN_PYTHON"
}

python_version() {
    "$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Never the user's repository: one of our own that reads its objects, with no hooks, filters or
# settings of it.
in_tree() {
    GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 GIT_LITERAL_PATHSPECS=1 \
        git -C "$tree" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false \
        -c apply.whitespace=nowarn -c apply.ignoreWhitespace=no -c advice.detachedHead=false "$@"
}

start_tree() {
    format=''
    if [ ${#COMMIT} -eq 64 ]; then format=--object-format=sha256; fi
    git init --quiet --template= $format -- "$tree" ||
        stop 3 "git cannot make a repository in $folder"
    if [ -n "$REMOTE" ]; then in_tree config remote.origin.url "$REMOTE"; fi
}

has_commit() { in_tree cat-file -e "$COMMIT^{commit}" 2>/dev/null; }

# Only where a repository is, which executes nothing of it; so its owner does not matter.
ask_git() { git -c safe.directory='*' -C "$1" rev-parse "$2" 2>/dev/null; }

# Leaves the commit's objects within reach, or fails.
borrow_from() {
    common=$(ask_git "$1" --git-common-dir) || return 1
    common=$(CDPATH='' cd -- "$1" && CDPATH='' cd -- "$common" && pwd -P) || return 1
    printf '%s\n' "$common/objects" >"$tree/.git/objects/info/alternates"
    if has_commit; then
        if [ -f "$common/shallow" ]; then cp -- "$common/shallow" "$tree/.git/shallow"; fi
        source=$1
        return
    fi
    rm -f -- "$tree/.git/objects/info/alternates"
    return 1
}

# code.bundle holds the commit with its history, or one commit without history of the recorded
# tree. Git names objects by what they hold, so nothing else can pass for either.
unpack_code() {
    given=$(in_tree bundle unbundle "$handed/code.bundle" 2>/dev/null) || return 1
    if ! has_commit; then
        given=$(printf '%s\n' "$given" | head -n 1 | cut -d ' ' -f 1)
        if [ -z "$TREE" ] || [ "$(ask_git "$tree" "$given^{tree}")" != "$TREE" ]; then return 1; fi
        COMMIT=$given
        PATCH_SHA256=''
    fi
    say "  source    $handed/code.bundle"
}

# Hosts that do not serve a commit by its id get asked for all branches and kept runs.
fetch_commit() {
    fetch --depth=1 -- "$REMOTE" "$COMMIT" 2>/dev/null ||
        fetch -- "$REMOTE" \
            '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' \
            '+refs/reportgen/*:refs/reportgen/*' || return 1
    has_commit
}

fetch() {
    (
        GIT_ALLOW_PROTOCOL=https:ssh
        export GIT_ALLOW_PROTOCOL
        in_tree fetch --quiet --no-tags --no-recurse-submodules "$@"
    )
}

find_commit() {
    start_tree
    if [ -n "${REPORTGEN_REPO:-}" ]; then
        borrow_from "$REPORTGEN_REPO" ||
            stop 3 "REPORTGEN_REPO is $REPORTGEN_REPO, which does not hold commit $COMMIT"
        say "  source    $REPORTGEN_REPO"
        return
    fi
    if [ -f "$handed/code.bundle" ]; then
        unpack_code || stop 3 "$handed/code.bundle does not hold commit $COMMIT nor its recorded tree"
        return
    fi
    if around=$(ask_git "$beside" --show-toplevel) && borrow_from "$around"; then
        say "  source    $around"
        return
    fi
    advice="clone the repository and set REPORTGEN_REPO to it"
    if [ "$REMOTE_REFUSED" = 1 ]; then
        stop 2 "the recorded remote is no https or ssh address, so nothing is fetched; $advice"
    fi
    if [ -z "$REMOTE" ]; then
        stop 3 "no repository around this script holds commit $COMMIT, and no remote was recorded; $advice"
    fi
    say "  source    $REMOTE"
    fetch_commit || stop 3 "$REMOTE does not give commit $COMMIT; $advice"
}

restore_code() {
    in_tree update-ref --no-deref HEAD "$COMMIT"
    in_tree read-tree "$COMMIT"
    in_tree checkout-index --all --index --quiet || stop 3 "the files of the commit cannot be written"
    if [ -n "$PATCH_SHA256" ]; then
        cp -- "$patch" "$folder/git_diff.patch"
        in_tree update-index -q --refresh
        in_tree apply --check --index --whitespace=nowarn -- "$folder/git_diff.patch" ||
            stop 3 "git_diff.patch does not apply to commit $COMMIT"
        in_tree apply --index --whitespace=nowarn -- "$folder/git_diff.patch"
    fi
    check_tree
    restored=yes
}

check_tree() {
    if [ -z "$TREE" ]; then
        say "  note      the run recorded no tree id: what was restored cannot be checked"
        return
    fi
    cp -- "$tree/.git/index" "$folder/index"
    in_tree ls-files -z >"$folder/paths"
    step reduce "$tree" <"$folder/paths" >"$folder/reduced"
    restored_tree=$(
        GIT_INDEX_FILE=$folder/index
        export GIT_INDEX_FILE
        in_tree update-index -z --force-remove --stdin <"$folder/reduced"
        in_tree write-tree
    ) || stop 3 "the restored code cannot be checked"
    if [ "$restored_tree" != "$TREE" ]; then
        stop 3 "the restored code is tree $restored_tree, recorded was $TREE"
    fi
    rm -f -- "$folder/index" "$folder/paths" "$folder/reduced"
    say "  tree      $TREE, as recorded"
}

make_environment() {
    if [ -n "${REPORTGEN_PYTHON:-}" ]; then
        step packages "$folder/requirements.txt"
        if [ -n "$REQUIREMENTS_OWN" ]; then use_tree; fi
        return
    fi
    unset PYTHONPATH PYTHONHOME
    if [ "$REQUIREMENTS_REFUSED" != '[]' ]; then
        stop 2 "requirements no installer is given: $REQUIREMENTS_REFUSED; set REPORTGEN_PYTHON"
    fi
    for pin in $REQUIREMENTS_LABELLED; do
        say "  note      $pin: the plain version is installed, for a build of another label perhaps"
    done
    if ! [ -d "$folder/environment" ]; then
        if command -v uv >/dev/null; then
            uv venv --quiet --python "$python" "$folder/environment" >&2
        else
            "$python" -m venv "$folder/environment"
        fi || stop 3 "no environment could be made with $python"
    fi
    python=$folder/environment/bin/python
    PATH=$folder/environment/bin:$PATH
    export PATH
    if [ -n "$REQUIREMENTS" ]; then
        say "  packages  installing what was recorded${wheels:+, from $wheels alone}"
        install -r "$folder/requirements.txt" ||
            install --no-deps -r "$folder/requirements.txt" ||
            stop 3 "the recorded packages cannot be installed; set REPORTGEN_PYTHON to have your own"
    fi
    if [ -n "$REQUIREMENTS_OWN" ]; then install --no-deps "$tree" || use_tree; fi
}

install() {
    if [ -n "$wheels" ]; then set -- --no-index --find-links "$wheels" "$@"; fi
    if command -v uv >/dev/null; then
        uv pip install --quiet --python "$python" "$@" >&2
    else
        "$python" -I -m pip --disable-pip-version-check --quiet install "$@" >&2
    fi
}

# The project's own package comes from the restored tree, whatever the environment has.
use_tree() {
    if [ -d "$tree/src" ]; then own=$tree/src:$tree; else own=$tree; fi
    PYTHONPATH=$own${PYTHONPATH:+:$PYTHONPATH}
    export PYTHONPATH
}

main() {
    folder=''
    restored=no
    source=''
    trap tidy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    unset REPORTGEN_RUN_DIR REPORTGEN_RUN_NAME REPORTGEN_ROOTS REPORTGEN_STOP_AFTER_STEP
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_NAMESPACE \
        GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS
    command -v git >/dev/null || stop 3 "git is not installed"
    beside=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
    patch=$beside/git_diff.patch
    find_handed_over
    make_folder "$@"
    choose_python
    step refuse "$patch" "$PATCH_SHA256"
    say "Running the recorded command again in $folder"
    step plan
    find_commit
    restore_code
    step inputs "$tree" "${data:-$source}"
    make_environment
    say ""
    step runs >"$folder/runs_before.json"
    started=0
    step run "$tree" "$python" || started=$?
    say ""
    if [ "$started" -ne 0 ]; then say "  note      the command ended with status $started"; fi
    step runs >"$folder/runs_after.json"
    compared=0
    "$python" -I "$folder/comparison.py" "$beside" || compared=$?
    exit "$compared"
}

main "$@"
