"""Of a repository's configuration only validated values of a short list are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.capture import private_folder
from reportgen.capture.git_folder import open_git_folder
from reportgen.capture.git_process import Deadline
from reportgen.capture.private_folder import fill_private_folder, read_settings
from reportgen.capture.shadow import open_shadow
from reportgen.errors import UnavailableError


def config_of(repo) -> str:
    with open_shadow(repo.top) as shadow:
        return (shadow.path / "config").read_text()


def test_known_values_are_copied_and_all_others_are_not(repo) -> None:
    for key, value in (
        ("core.autocrlf", "input"),
        ("core.eol", "lf"),
        ("core.fileMode", "false"),
        ("core.editor", "evil"),
        ("filter.x.clean", "evil"),
        ("core.symlinks", "no\n\tfsmonitor = evil"),
        ("core.ignoreCase", "TRUE"),
    ):
        repo.git("config", key, value)
    text = config_of(repo)
    assert "autocrlf = input" in text
    assert "eol = lf" in text
    assert "filemode = false" in text
    assert "ignorecase = true" in text
    assert "evil" not in text
    assert "symlinks" not in text
    assert "repositoryformatversion = 0" in text


def test_settings_are_read_without_following_includes(repo, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("[core]\n\teol = crlf\n")
    repo.git("config", "include.path", str(other))
    repo.git("config", "remote.a.b = c.url", "https://example.org/a b.git")
    found = read_settings(repo.top / ".git/config", tmp_path, Deadline(30))
    assert "core.eol" not in found
    assert found["include.path"] == str(other)
    assert "https://example.org/a b.git" in found.values()
    assert read_settings(tmp_path / "none", tmp_path, Deadline(30)) == {}
    (tmp_path / "link").symlink_to(other)
    assert read_settings(tmp_path / "link", tmp_path, Deadline(30)) == {}


def test_links_in_the_git_folder_are_not_copied(repo, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0" * 40 + "\n")
    (repo.top / ".git/refs/tags/v1").symlink_to(secret)
    (repo.top / ".git/refs/linked").symlink_to(tmp_path)
    (repo.top / ".git/packed-refs").symlink_to(secret)
    head = (repo.top / ".git/refs/heads/main").read_text().strip()
    with open_shadow(repo.top) as shadow:
        assert not (shadow.path / "refs/tags/v1").exists()
        assert not (shadow.path / "refs/linked").exists()
        assert not (shadow.path / "packed-refs").exists()
        assert shadow.head() == head


@pytest.mark.parametrize(("name", "limit"), [("FILE_LIMIT", 10), ("REFERENCES", 0)])
def test_what_is_too_much_is_refused(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(private_folder, name, limit)
    private = tmp_path / "private"
    private.mkdir()
    with pytest.raises(UnavailableError, match="more than"):
        fill_private_folder(private, open_git_folder(repo.top), {})
