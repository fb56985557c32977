from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.patch import changed_files, created_files
from reportgen.capture.code import capture_code
from reportgen.testing import make_repository

ODD = (
    "a b.py",
    "tab\there.py",
    'quo"te.py',
    "ünïcode.py",
    "b/b/b.py",
    "new\nline.py",
)


def test_created_files_of_a_real_patch_whatever_their_names(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    for name in ODD:
        (lab / name).parent.mkdir(parents=True, exist_ok=True)
        (lab / name).write_text("x = 1\n")
    (lab / "empty.py").touch()
    (lab / "weights.bin").write_bytes(bytes(range(256)) * 4)
    (lab / "train.py").write_text("diff --git a/fake.py b/fake.py\nnew file mode 100644\n")
    (lab / "configs/mlp.yaml").unlink()
    capture = capture_code(lab, run_root=None)
    new = {*ODD, "empty.py", "weights.bin"}
    assert created_files(capture.patch) == new
    assert sorted(changed_files(capture.patch)) == sorted({*new, "train.py", "configs/mlp.yaml"})


def test_quoted_names_are_unquoted() -> None:
    header = rb'diff --git "a/back\\slash \"q\" \303\274.py" "b/back\\slash \"q\" \303\274.py"'
    patch = header + b"\nnew file mode 100644\n"
    assert created_files(patch) == {'back\\slash "q" ü.py'}


def test_lines_of_a_hunk_are_not_taken_for_headers() -> None:
    patch = (
        b"diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\n"
        b" diff --git a/y b/y\n+new file mode 100644\n"
    )
    assert created_files(patch) == set()
    assert changed_files(patch) == ["x.py"]


@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    assert isinstance(created_files(data), set)
    created_files(b"diff --git " + data + b"\nnew file mode 1\n")
