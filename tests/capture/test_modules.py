"""The modules that were really loaded: local ones by hash, others by distribution."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from pathlib import Path
import helper, pack.inner, numpy, yaml, json.tool
sys.path.insert(0, sys.argv[1])
import stray
from reportgen.capture.modules import capture_modules
from reportgen.runs.schema import to_plain
import scipy.sparse
top = None if sys.argv[2] == "none" else Path(sys.argv[2])
print(json.dumps(to_plain(capture_modules(top))))
"""


def test_local_third_party_and_standard_are_told_apart(tmp_path: Path) -> None:
    top, elsewhere = tmp_path / "top", tmp_path / "elsewhere"
    (top / "src/pack").mkdir(parents=True)
    elsewhere.mkdir()
    files = {"src/train.py": PROGRAM, "src/helper.py": "h = 1\n", "src/pack/__init__.py": ""}
    files["src/pack/inner.py"] = "i = 1\n"
    for name, text in files.items():
        (top / name).write_text(text)
    (elsewhere / "stray.py").write_text("s = 1\n")
    for given, prefix in ((str(top), "src/"), ("none", "")):
        done = subprocess.run(
            [sys.executable, "train.py", str(elsewhere), given],
            cwd=top / "src",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["local"] == {
            f"{prefix}{name.removeprefix('src/')}": hashlib.sha256(text.encode()).hexdigest()
            for name, text in sorted(files.items())
        }
        owners = found["third_party"]
        assert (owners["numpy"], owners["yaml"]) == ("numpy", "pyyaml")
        assert owners["stray"] is None
        assert "json" not in owners
        assert "train" not in owners
        unknown = [name for name, owner in owners.items() if owner is None]
        assert unknown == ["stray"]


def test_a_file_changed_since_it_was_loaded_shows_in_its_hash(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
import helper
Path("helper.py").write_text("changed = 1\\n")
from reportgen.capture.modules import capture_modules
print(capture_modules(Path.cwd()).local["helper.py"])
"""
    (tmp_path / "helper.py").write_text("h = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == hashlib.sha256(b"changed = 1\n").hexdigest(), done.stderr
