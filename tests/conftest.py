"""What every test has: a clean environment, and the logs of other tools where they are at hand."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("reportgen", deadline=None, print_blob=True)
hypothesis.settings.load_profile("reportgen")

# A suite started by nohup ignores this signal, and so would every program that a test starts.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

REPOSITORY = Path(__file__).resolve().parents[1]
FIXTURES = os.environ.get("REPORTGEN_FIXTURES")
FOREIGN = (
    "FORCE_COLOR",
    "NO_COLOR",
    "PYTHONHASHSEED",
    "PYTHONIOENCODING",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
    "SOURCE_DATE_EPOCH",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden by what comes out now"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file ``tests/golden/PATH``, or rewrite that: look at the diff."""
    update = request.config.getoption("--update-golden")

    def compare(path: str, text: str) -> None:
        file = REPOSITORY / "tests" / "golden" / path
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture(autouse=True)
def _environment_of_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Settings of the person who runs the tests change no result."""
    for name in list(os.environ):
        if name.startswith(("REPORTGEN_", "GIT_")):
            monkeypatch.delenv(name)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    git_config = tmp_path_factory.getbasetemp() / "gitconfig"
    if not git_config.exists():
        git_config.write_text(
            "[user]\n\tname = A Tester\n\temail = tester@example.org\n"
            "[init]\n\tdefaultBranch = main\n[commit]\n\tgpgSign = false\n"
        )
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """Real logs of other tools, kept outside the project."""
    folder = Path(FIXTURES) if FIXTURES else REPOSITORY.parent / "shared" / "fixtures"
    if not (folder / "SOURCES.md").is_file():
        pytest.skip(f"no logs of other tools at {folder}; REPORTGEN_FIXTURES names another folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's executable."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    if os.environ.get("CI"):
        pytest.fail(f"none of {', '.join(BROWSERS)} is installed; a test run in CI needs one")
    pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
