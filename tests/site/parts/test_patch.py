"""A patch as lines with what they are."""

from __future__ import annotations

from reportgen.site.parts.patch import LINES, patch_of

PATCH = """\
diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@ def f():
 same
--- this was a line that began with two dashes
+added
diff --git a/b.bin b/b.bin
new file mode 100644
GIT binary patch
literal 3
"""


def test_kinds_follow_the_place_in_the_patch() -> None:
    patch = patch_of(PATCH)
    assert patch is not None
    assert [line.kind for line in patch.lines] == [
        *("file", "file", "file", "file", "hunk", "context", "removed", "added"),
        *("file", "file", "context", "context"),
    ]
    assert (patch.files, patch.added, patch.removed, patch.left) == (2, 1, 1, 0)


def test_a_huge_patch_is_cut_and_counted() -> None:
    patch = patch_of("diff --git a/x b/x\n@@ -0,0 +1 @@\n" + "+x\n" * 3_000)
    assert patch is not None
    assert len(patch.lines) == LINES
    assert patch.left == 1_002
    assert patch.added == 3_000


def test_an_empty_patch_is_none() -> None:
    assert patch_of("") is None
    assert patch_of("\n") is None


def test_deceptive_characters_are_spelt_out() -> None:
    patch = patch_of("@@ -1 +1 @@\n+if admin\u202e:\n")
    assert patch is not None
    assert patch.lines[1].text == "+if admin\\u202e:"
