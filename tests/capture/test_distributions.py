"""Which distribution a module belongs to, as the full parse of all file lists would say."""

from __future__ import annotations

import importlib
import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from reportgen.capture import distributions
from reportgen.capture.distributions import (
    installed_distributions,
    is_installed,
    normal,
    owner_of,
    package_folders,
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages that we fill ourselves."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    distributions._distributions.cache_clear()
    return folder


def install(site: Path, name: str, version: str = "1.0", **files: str) -> Path:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for file, text in files.items():
        (info / file.replace("_json", ".json").replace("_txt", ".txt")).write_text(text)
    distributions._distributions.cache_clear()
    return info


def test_the_real_environment_agrees_with_the_standard_library() -> None:
    expected = metadata.packages_distributions()
    for module in ("numpy", "torch", "yaml", "sklearn", "msgspec", "dateutil", "git", "PIL"):
        if module in expected:
            assert owner_of(module) in {normal(name) for name in expected[module]}
    wrong = {
        module: owner_of(module)
        for module, owners in expected.items()
        if module.isidentifier() and owner_of(module) not in {normal(name) for name in owners}
    }
    assert wrong == {}


def test_versions_are_those_of_the_standard_library() -> None:
    for name, distribution in installed_distributions().items():
        assert normal(distribution.name) == name
        assert distribution.version == metadata.version(distribution.name)


def test_the_first_of_two_with_one_name_counts(site: Path) -> None:
    install(site, "NumPy", "0.0.1", top_level_txt="numpy\n")
    assert installed_distributions()["numpy"].version == "0.0.1"


def test_modules_come_from_the_list_of_files(site: Path) -> None:
    record = (
        "alpha/__init__.py,sha256=x,1\nalpha/deep/b.py,,\nbeta.py,sha256=x,2\n"
        "_gamma.cpython-311-x86_64-linux-gnu.so,,\n../../../bin/tool,,\n"
        "two_names-1.0.dist-info/METADATA,,\n"
    )
    install(site, "two-names", RECORD=record)
    found = installed_distributions()["two-names"]
    assert found.modules == {"alpha", "beta", "_gamma"}
    assert owner_of("alpha") == "two-names"
    assert owner_of("deep") is None


def test_an_editable_package_owns_what_is_loaded_from_its_folder(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "else where/src"
    source.mkdir(parents=True)
    (source / "oddly_named.py").write_text("x = 1\n")
    url = (tmp_path / "else where").as_uri()
    direct = json.dumps({"url": url, "dir_info": {"editable": True}})
    install(site, "mylib", direct_url_json=direct, RECORD="__editable__.mylib.pth,,\n")
    monkeypatch.syspath_prepend(str(source))
    importlib.import_module("oddly_named")
    try:
        assert owner_of("oddly_named") == "mylib"
        assert installed_distributions()["mylib"].folder == tmp_path / "else where"
        assert installed_distributions()["mylib"].is_editable
    finally:
        del sys.modules["oddly_named"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"url": 3, "dir_info": "x"}'])
def test_a_damaged_origin_is_none(site: Path, text: str) -> None:
    install(site, "odd", direct_url_json=text)
    found = installed_distributions()["odd"]
    assert found.folder is None
    assert not found.is_editable


def test_a_folder_without_metadata_costs_nothing(site: Path) -> None:
    (site / "broken-1.0.dist-info").mkdir()
    (site / "worse-1.0.dist-info").mkdir()
    (site / "worse-1.0.dist-info/METADATA").write_bytes(b"\xff\xfe\0")
    distributions._distributions.cache_clear()
    assert "numpy" in installed_distributions()


def test_programs_are_told(site: Path) -> None:
    install(site, "tool", entry_points_txt="[console_scripts]\nrun-me = tool:main\n")
    assert installed_distributions()["tool"].console_scripts() == {"run-me"}


def test_installed_files_lie_in_the_folders_of_packages() -> None:
    import numpy

    assert is_installed(str(numpy.__file__))
    assert not is_installed(json.__file__)
    assert not is_installed(__file__)
    assert all(folder.endswith("/") for folder in package_folders())


@pytest.mark.parametrize(
    ("name", "plain"), [("A.B_c--D", "a-b-c-d"), ("numpy", "numpy"), ("ruamel.yaml", "ruamel-yaml")]
)
def test_names_have_one_spelling(name: str, plain: str) -> None:
    assert normal(name) == plain
