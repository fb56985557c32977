"""Lock files of every kind become the same list, and of anything else it is said what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UnreadableError
from reportgen.runs.lock_files import LockedPackage, read_lock
from reportgen.testing.repositories import LOCK_FILE

HEX = "0123456789abcdef" * 4
COMMIT = HEX[:40]
NAMES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml")

UV = f"""
version = 1
[[package]]
name = "My_Tool"
version = "1.2"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "https://f.org/a.tar.gz", hash = "sha256:{HEX}", size = 1 }}
wheels = [{{ url = "https://f.org/a.whl", hash = "sha256:{HEX[::-1]}", size = 1 }}]
[[package]]
name = "tools"
version = "0.1"
source = {{ git = "https://example.org/lab/tools.git?rev=main#{COMMIT}" }}
[[package]]
name = "own"
version = "0"
source = {{ editable = "." }}
"""
PYLOCK = f"""
lock-version = "1.0"
created-by = "x"
[[packages]]
name = "my-tool"
version = "1.2"
index = "https://pypi.org/simple"
wheels = [{{ name = "a.whl", url = "https://f.org/a.whl", hashes = {{ sha256 = "{HEX}" }} }}]
[packages.sdist]
name = "a.tar.gz"
hashes = {{ sha256 = "{HEX[::-1]}" }}
[[packages]]
name = "tools"
vcs = {{ type = "git", url = "https://example.org/t.git", commit-id = "{COMMIT}" }}
[[packages]]
name = "own"
directory = {{ path = "." }}
"""
POETRY = f"""
[[package]]
name = "my.tool"
version = "1.2"
files = [
  {{ file = "a.whl", hash = "sha256:{HEX}" }},
  {{ file = "a.tar.gz", hash = "sha256:{HEX[::-1]}" }},
]
[[package]]
name = "tools"
version = "0.1"
files = []
[package.source]
type = "git"
url = "https://example.org/t.git"
resolved_reference = "{COMMIT}"
[[package]]
name = "own"
version = "0"
files = []
[package.source]
type = "directory"
url = "own"
[metadata]
lock-version = "2.1"
"""
PIPFILE = f"""{{"_meta": {{}}, "develop": {{}}, "default": {{
  "my-tool": {{"version": "==1.2", "hashes": ["sha256:{HEX}", "sha256:{HEX[::-1]}"]}},
  "tools": {{"git": "https://example.org/t.git", "ref": "{COMMIT}"}},
  "own": {{"path": ".", "editable": true}}}}}}"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", UV),
        ("pylock.toml", PYLOCK),
        ("pylock.dev.toml", PYLOCK),
        ("poetry.lock", POETRY),
        ("Pipfile.lock", PIPFILE),
    ],
)
def test_every_kind_gives_the_same_packages(name: str, text: str) -> None:
    lock = read_lock(name, text.encode())
    tool, tools, own = lock.packages
    assert (tool.name, tool.version, tool.hashed) == ("my-tool", "1.2", True)
    assert set(tool.sha256) == {HEX, HEX[::-1]}
    assert (tools.name, tools.hashed, tools.local) == ("tools", True, False)
    assert (own.name, own.local) == ("own", True)
    assert [one.name for one in lock.foreign] == ["my-tool", "tools"]
    assert lock.versions()["my-tool"] == {"1.2"}


def test_conda_and_pip_packages_of_a_conda_lock() -> None:
    text = (
        "version: 1\npackage:\n"
        f"- {{name: numpy, version: '2.4', manager: conda, hash: {{md5: {HEX[:32]}}}}}\n"
        f"- {{name: torch, version: '2.13', manager: pip, hash: {{sha256: {HEX}}}}}\n"
    )
    first, second = read_lock("conda-lock.yml", text.encode()).packages
    assert first == LockedPackage("numpy", "2.4", hashed=True)
    assert second == LockedPackage("torch", "2.13", sha256=(HEX,), hashed=True)


def test_requirements_with_hashes_over_several_lines() -> None:
    text = f"numpy==2.4.6 \\\n    --hash=sha256:{HEX} \\\n    --hash=sha256:{HEX[::-1]}\nold==1.0\n"
    numpy, old = read_lock("requirements.txt", text.encode()).packages
    assert (numpy.version, numpy.sha256, numpy.hashed) == ("2.4.6", (HEX, HEX[::-1]), True)
    assert not old.hashed


def test_a_hash_that_is_none_hashes_nothing() -> None:
    text = LOCK_FILE.replace("sha256:", "sha256:zz")
    assert not any(one.hashed for one in read_lock("uv.lock", text.encode()).foreign)


def test_several_versions_of_one_package_are_all_known() -> None:
    text = '[[package]]\nname = "x"\nversion = "1"\n[[package]]\nname = "x"\nversion = "2"\n'
    assert read_lock("uv.lock", text.encode()).versions() == {"x": {"1", "2"}}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("uv.lock", b"not toml"),
        ("uv.lock", b"\xff\xfe"),
        ("uv.lock", b'package = "numpy"'),
        ("uv.lock", b'[[package]]\nversion = "1"\n'),
        ("uv.lock", b"a." * 20_000 + b"a = 1\n"),
        ("uv.lock", b"a = " + b"[" * 20_000),
        ("uv.lock", b"x" * (5 << 20)),
        ("pylock.toml", b"packages = 3"),
        ("Pipfile.lock", b"[" * 20_000),
        ("Pipfile.lock", b'{"default": {"x": 3}}'),
        ("conda-lock.yml", b"package: !!python/object/apply:os.system [x]"),
        ("conda-lock.yml", b"package: {a: &a [*a]}"),
        ("conda-lock.yml", b"channels: []"),
        ("environment.yml", b"dependencies: []"),
        ("uv.lock", b"\0" * (9 << 20)),
    ],
)
def test_what_is_no_lock_says_so_with_its_name(name: str, data: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_lock(name, data)
    assert caught.value.where == name


@given(st.sampled_from(NAMES), st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(name: str, data: bytes) -> None:
    for start in (b"", b"[[package]]\n", b"package:\n", b'{"default": '):
        try:
            read_lock(name, start + data)
        except UnreadableError:
            continue
