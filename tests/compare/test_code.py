from __future__ import annotations

from typing import Any

import pytest

from reportgen.compare import code_section, compare_code, patch_changes, split_patch
from reportgen.runs.captured import Modules
from reportgen.runs.schema import GitInfo, LeftOutFile

PATCH = b"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,2 +1,2 @@
 kept
--- minus
+++ plus
diff --git "a/\\303\\244.bin" "b/\\303\\244.bin"
new file mode 100644
GIT binary patch
literal 3
KcmXR
"""


def section(patch: bytes | None = None, local: dict[str, Any] | None = None, **git: Any) -> Any:
    return code_section(GitInfo(**git), patch, Modules(local=local) if local else None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"commit": "a", "tree": "t"}, {"commit": "b", "tree": "t"}, True),
        ({"commit": "a", "tree": "t"}, {"commit": "a", "tree": "u"}, False),
        ({"commit": "a", "dirty": False}, {"commit": "a", "dirty": False}, True),
        ({"commit": "a", "dirty": True}, {"commit": "a", "dirty": True}, None),
        ({"commit": "a", "patch": b"p"}, {"commit": "a", "patch": b"p"}, True),
        ({"commit": "a", "patch": b"p"}, {"commit": "a", "patch": b"q"}, False),
        ({"commit": "a"}, {"commit": "b"}, False),
        ({"commit": "a", "dirty": False}, {}, None),
    ],
)
def test_whether_the_same_code_ran(one: Any, other: Any, same: bool | None) -> None:
    found = compare_code([section(**one), section(**other)])
    assert found.same is same
    assert found.how


def test_what_was_left_out_of_equal_trees_leaves_it_open() -> None:
    left = LeftOutFile(path="big.bin", sha256="1" * 64)
    other = LeftOutFile(path="big.bin", sha256="2" * 64)
    runs = [section(tree="t", left_out=[left]), section(tree="t", left_out=[other])]
    assert compare_code(runs).same is None
    assert compare_code([runs[0], runs[0]]).same is True


def test_no_code_recorded_is_no_difference() -> None:
    left = LeftOutFile(path="big.bin", sha256="1" * 64)
    runs = [code_section(None, None, None), section(commit="a", tree="t", left_out=[left])]
    found = compare_code(runs)
    assert found.same is None
    assert {one.state for one in found.differences} == {"unknown"}


def test_loaded_files_tell_more_than_the_tree() -> None:
    one = section(tree="t", local={"a.py": "1", "b.py": "2"})
    other = section(tree="u", local={"a.py": "1", "b.py": "2"})
    assert compare_code([one, other]).loaded_differ is False
    changed = section(tree="u", local={"a.py": "1", "b.py": "3"})
    assert compare_code([one, changed]).loaded_differ is True
    assert compare_code([one, section(tree="u")]).loaded_differ is None


def test_a_patch_by_file() -> None:
    text, binary = split_patch(PATCH)
    assert (text.path, text.added, text.removed) == ("a.py", 1, 1)
    assert (binary.path, binary.added, binary.removed) == (r"\303\244.bin", 0, 0)
    assert (text.text + binary.text).encode() == PATCH
    assert split_patch(b"") == []


def test_what_differs_between_patches() -> None:
    second = PATCH.replace(b"+++ plus", b"+++ other")
    (change,) = patch_changes(PATCH, second)
    assert change.path == "a.py"
    assert (change.added, change.removed) == (1, 1)
    assert "-+++ plus" in change.text
    assert "++++ other" in change.text
    assert [one.path for one in patch_changes(PATCH, b"")] == ["a.py", r"\303\244.bin"]
    assert patch_changes(PATCH, PATCH) == []
