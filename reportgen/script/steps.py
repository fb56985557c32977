"""The steps of reproduce.sh that a shell is no good at, with the standard library alone.

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
