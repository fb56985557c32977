"""The pictures of the documents: small, all shown, each with words for who cannot see it."""

from __future__ import annotations

import importlib.util
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

SHOWN = re.compile(r"!\[(.*?)\]\((\S+\.png)\)")


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "screenshots", repository / "scripts" / "screenshots.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a dataclass looks for its types
    spec.loader.exec_module(module)
    return module


def shown(repository: Path) -> dict[Path, list[str]]:
    """The pictures that a document shows, with their descriptions."""
    found: dict[Path, list[str]] = {}
    for document in (repository / "README.md", *(repository / "docs").glob("*.md")):
        for words, target in SHOWN.findall(document.read_text(encoding="utf-8")):
            found.setdefault((document.parent / target).resolve(), []).append(words)
    return found


def test_every_picture_is_shown_and_every_shown_one_is_there(
    script: ModuleType, repository: Path
) -> None:
    assert set(shown(repository)) == set(script.IMAGES.glob("*.png"))


def test_each_is_described(repository: Path) -> None:
    for path, descriptions in shown(repository).items():
        for words in descriptions:
            assert len(words.split()) >= 4, path.name


def test_they_stay_small(script: ModuleType) -> None:
    sizes = [path.stat().st_size for path in script.IMAGES.glob("*.png")]
    assert max(sizes) <= script.LARGEST
    assert sum(sizes) <= script.ALL_TOGETHER


def test_they_are_those_that_the_script_takes(script: ModuleType, tmp_path: Path) -> None:
    for page in ("lr0.1-width64", "lr0.3-width64", "lr0.03-width64"):
        (tmp_path / "runs" / f"mlp-{page}-seed1-0").mkdir(parents=True)
    (tmp_path / "groups" / "digits-lr-width-0").mkdir(parents=True)
    (tmp_path / "reports" / "learning-rate-0").mkdir(parents=True)
    names = [shot.name for shot in script.shots(tmp_path, everything=False)]
    assert sorted(names) == sorted(path.stem for path in script.IMAGES.glob("*.png"))
    assert len(list(script.shots(tmp_path, everything=True))) == 3 * 7
    (tmp_path / "groups" / "digits-lr-width-1").mkdir()
    with pytest.raises(SystemExit, match="2 pages match"):
        list(script.shots(tmp_path, everything=False))


def test_frequent_colours_stay_exact(script: ModuleType) -> None:
    picture = Image.new("RGB", (300, 300), "#f7f8fa")
    for index in range(300):  # more colours than are kept, each rarer than the line's
        picture.putpixel((index, 0), (index % 256, index // 256, 255))
    picture.paste("#0072b2", (0, 10, 300, 12))
    picture.paste("#fcfcfc", (0, 220, 300, 240))
    picture.paste("#ffffff", (0, 240, 300, 260))
    out = io.BytesIO()
    picture.save(out, "PNG")
    with Image.open(io.BytesIO(script.in_few_colours(out.getvalue()))) as reduced:
        assert reduced.mode == "P"
        whole = reduced.convert("RGB")
    assert whole.getpixel((5, 11)) == (0x00, 0x72, 0xB2)
    assert whole.getpixel((5, 250)) == (0xFF, 0xFF, 0xFF)
    assert whole.getpixel((5, 200)) == (0xF7, 0xF8, 0xFA)
    assert len(whole.getcolors(90_000)) <= script.COLOURS
