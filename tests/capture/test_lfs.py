"""A pointer is one only in the exact form of its specification."""

from __future__ import annotations

import pytest

from reportgen.capture.lfs import LfsPointers, pointer_sha256
from reportgen.capture.shadow import open_shadow

DIGEST = "0123456789abcdef" * 4
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 12\n"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (POINTER, DIGEST),
        (POINTER.replace("oid", "ext-0-x sha256:00\noid"), DIGEST),
        (POINTER + "more\n", None),
        (POINTER.replace("v1", "v2"), None),
        (POINTER.replace("size 12", "size x"), None),
        (POINTER.upper(), None),
        ("x" * 2_000, None),
        ("", None),
    ],
)
def test_pointers(text: str, digest: str | None) -> None:
    assert pointer_sha256(text.encode()) == digest


def test_only_files_with_a_filter_are_judged(repo) -> None:
    repo.write(".gitattributes", "*.bin filter=lfs\n*.csv -filter\n*.py filter\n")
    head = repo.commit()
    with open_shadow(repo.top) as shadow:
        paths = ["a.bin", "data/table.csv", "train.py", "nested/"]
        found = LfsPointers(shadow, shadow.tree_of(head), paths)
        assert [path for path in paths if found.is_filtered(path)] == ["a.bin"]
        assert not any(found.is_unchanged(path) for path in paths)
        assert not LfsPointers(shadow, shadow.tree_of(head), []).is_filtered("a.bin")
