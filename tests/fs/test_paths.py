from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UnsafePathError
from reportgen.fs.paths import is_portable, portable_component, safe_relpath, slug

ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "../../../../etc/passwd", "a/../../x", "/etc/passwd", "//h/s", "C:\\x", "C:x"),
        *("..\\..\\x", "\\\\h\\s", "a\0b", ".", "", "a//b", "~/x", "~root/x", "~"),
        *("file:///etc/passwd", "https://example.org/x", "x#../../y", "x;../y", "a/./b", "a/"),
    ],
)
def test_paths_that_leave_the_folder_are_refused(path: str) -> None:
    with pytest.raises(UnsafePathError) as caught:
        safe_relpath(path)
    assert caught.value.problem == "path.unsafe"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "metrics.jsonl",
            "checkpoints/epoch_7.pt",
            "%2e%2e/x",
            "..%2f",
            ".hidden",
            "a b/c#d",
            "é",
        ),
        *("x~", "~$plan.xlsx", "a..b", "-rf"),
    ],
)
def test_other_paths_stay_as_they_are(path: str) -> None:
    assert safe_relpath(path) == path


@given(ANY_TEXT)
def test_a_path_that_passes_stays_below_its_folder(text: str) -> None:
    try:
        path = safe_relpath(text)
    except UnsafePathError:
        return
    depth = 0
    for part in path.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        assert depth > 0
    assert "\0" not in path


@given(ANY_TEXT)
def test_a_slug_is_safe_anywhere(name: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*-[0-9a-f]{8}", made)
    assert is_portable(made)
    assert len(made) <= 70


@pytest.mark.parametrize(
    ("one", "other"),
    [("Run", "run"), ("é", "e\u0301"), ("ß", "SS"), ("a/b", "a?b"), ("con", "con."), ("", " ")],
)
def test_slugs_of_two_names_differ(one: str, other: str) -> None:
    assert slug(one) != slug(other)


@given(ANY_TEXT)
def test_a_folder_name_is_portable_and_seen(text: str) -> None:
    made = portable_component(text)
    assert is_portable(made)
    assert not made.startswith((".", "_", "-"))
    assert portable_component(made) == made


@pytest.mark.parametrize("name", ["resnet18_lr0.1", "mlp_digits_20261123-101500_lr0.1", "å+b=c,d"])
def test_plain_names_stay_themselves(name: str) -> None:
    assert portable_component(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "CON",
            "nul.txt",
            "COM1.json",
            "LPT¹",
            "a:b",
            "a?b",
            "a\\b",
            "a/b",
            "a ",
            "a.",
            "a\nb",
            "\x1b",
        ),
        *("e\u0301", "x" * 256, "", "a\udcffb", "a|b", "<b>"),
    ],
)
def test_names_that_some_system_refuses(name: str) -> None:
    assert not is_portable(name)


@pytest.mark.parametrize("name", ["a#b", "a%41", "é", "x" * 255, "-rf", "con1", "lpt"])
def test_names_that_every_system_takes(name: str) -> None:
    assert is_portable(name)
