import shutil
from pathlib import Path

import pytest
from audit.case import Case, assert_case, unchanged
from audit.fake_network import FakeNetwork

from reportgen.testing import ABSENT, git, make_repository, make_run, run_check

USABLE = "code.remote-usable"
HELD = "code.commit-on-remote"
BRANCH = "code.branch-recorded"
RECORDED = "code.commit-recorded"
REMOTE = "https://example.org/lab/digits.git"
ELSEWHERE = "0123456789abcdef0123456789abcdef01234567"
PACKAGED = {
    "git": {"packaged": {"distribution": "trainer", "version": "1", "record_sha256": "ab" * 32}},
    "captured": {"modules": {"local": {"train.py": ABSENT}}},
}


def remote(url: str | None, **more: object) -> dict[str, object]:
    return {"git": {"remote": url}, **more}


def advertising(**refs: str) -> FakeNetwork:
    return FakeNetwork(refs={REMOTE: {f"refs/heads/{name}": to for name, to in refs.items()}})


TAKEN_OUT = [{"what": "credentials", "where": "git_info.yaml", "rule": "url-userinfo"}]

CASES = (
    Case(USABLE, "passes", REMOTE),
    Case(USABLE, "passes", "git@", remote("git@example.org:lab/digits.git"), name="ssh"),
    Case(USABLE, "passes", "ssh://", remote("ssh://git@example.org:22/lab/digits"), name="ssh-url"),
    Case(USABLE, "fails", "there is no remote", remote(None)),
    Case(
        USABLE,
        "fails",
        "no remote: a local path",
        {"git": {"remote": None, "not_available": {"remote": "a local path"}}},
        name="local",
    ),
    Case(USABLE, "fails", "reached by file", remote("file:///srv/git/digits.git"), name="file"),
    Case(USABLE, "fails", "reached by http,", remote("http://example.org/l/d.git"), name="http"),
    Case(
        USABLE,
        "fails",
        "held credentials",
        {"run": {"left_out": TAKEN_OUT}},
        name="redacted",
    ),
    Case(USABLE, "partly", "is no public name", remote("https://gitlab/lab/digits.git")),
    Case(
        USABLE,
        "partly",
        "'gitlab.corp' is no public name",
        remote("git@gitlab.corp:lab/digits.git"),
        name="inside",
    ),
    # An address of the right scheme that leads nowhere, or would run a program.
    Case(USABLE, "cheats", "is no address of a repository", remote("https://example.org/")),
    Case(USABLE, "cheats", "reached by ext", remote("ext::sh -c touch% PWNED"), name="ext"),
    Case(USABLE, "cheats", "", remote("ssh://-oProxyCommand=x/y"), name="option"),
    Case(USABLE, "cheats", "user or a token", remote("https://abc@example.org/l/d"), name="user"),
    Case(USABLE, "not-applicable", "package", PACKAGED),
    Case(USABLE, "inconclusive", "", {"git": {"commit": None}}, more={"blocked_by": RECORDED}),
    Case(HELD, "inconclusive", "the remote was not asked", before=unchanged),
    Case(HELD, "inconclusive", "", remote(None), more={"blocked_by": USABLE}, name="no-remote"),
    Case(HELD, "inconclusive", "out of reach", network=FakeNetwork(), name="out-of-reach"),
    Case(
        HELD,
        "passes",
        "is held by a reference of example.org",
        {"git": {"commit": ELSEWHERE}},
        network=advertising(main=ELSEWHERE),
        more={"evidence": "E4"},
    ),
    Case(
        HELD,
        "fails",
        "no reference of the remote holds",
        before=unchanged,
        network=FakeNetwork(refs={REMOTE: {}}),
    ),
    # Branches of the recorded name, at commits that are not here.
    Case(
        HELD,
        "inconclusive",
        "the history behind some is not here",
        before=unchanged,
        network=advertising(main=ELSEWHERE),
        name="unknown-history",
    ),
    Case(HELD, "not-applicable", "package", PACKAGED),
    Case(BRANCH, "passes", "branch 'main'"),
    Case(BRANCH, "passes", "tag 'v1'", {"git": {"branch": None, "tags": ["v1"]}}, name="tag"),
    Case(BRANCH, "fails", "neither a branch nor a tag", {"git": {"branch": None}}),
    Case(
        BRANCH,
        "partly",
        "'v1.2-3-gabc1234' from the nearest tag",
        {"git": {"branch": None, "describe": "v1.2-3-gabc1234"}},
    ),
    # Something stands there: no name, and the commit once more.
    Case(BRANCH, "cheats", "neither", {"git": {"branch": "HEAD"}}),
    Case(
        BRANCH,
        "cheats",
        "'abc1234' repeats the commit",
        {"git": {"branch": None, "describe": "abc1234"}},
        name="describe",
    ),
    Case(BRANCH, "cheats", "neither", {"git": {"branch": ELSEWHERE}}, name="hash"),
    Case(BRANCH, "not-applicable", "package", PACKAGED),
    Case(
        BRANCH,
        "inconclusive",
        "took too long",
        {"git": {"branch": None, "not_available": {"branch": "took too long"}}},
    ),
    # A local branch of the same history says nothing of the remote.
    Case(
        HELD,
        "cheats",
        "no reference of the remote holds",
        before=unchanged,
        after=lambda repository: git(repository, "branch", "origin/main"),
        network=FakeNetwork(refs={REMOTE: {}}),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def history(folder: Path) -> tuple[Path, Path, str, str]:
    """A run, and two later commits: one on top of the run's, one on a line of its own."""
    lab = make_repository(folder / "lab")
    run = make_run(lab / "runs", repository=lab)
    git(lab, "commit", "--quiet", "--allow-empty", "--message", "Later")
    later = git(lab, "rev-parse", "HEAD")
    git(lab, "checkout", "--quiet", "--orphan", "other")
    git(lab, "commit", "--quiet", "--message", "Begun anew")
    return lab, run, later, git(lab, "rev-parse", "HEAD")


def test_a_reference_that_contains_the_commit_holds_it(tmp_path: Path) -> None:
    _, run, later, other = history(tmp_path)
    held = run_check(HELD, run, network=advertising(main=later, other=other))  # type: ignore[arg-type]
    assert (held.outcome, held.evidence) == ("pass", "E4")
    lost = run_check(HELD, run, network=advertising(other=other))  # type: ignore[arg-type]
    assert lost.outcome == "fail"


def test_after_a_forced_push_only_the_stale_copy_still_says_yes(tmp_path: Path) -> None:
    lab, run, later, other = history(tmp_path)
    git(lab, "update-ref", "refs/remotes/origin/main", later)
    result = run_check(HELD, run, network=advertising(main=other))  # type: ignore[arg-type]
    assert (result.outcome, "only a local copy" in result.message) == ("partial", True)


def test_a_tag_of_an_object_counts_as_what_it_points_to(tmp_path: Path) -> None:
    lab, run, later, _ = history(tmp_path)
    git(lab, "tag", "--annotate", "--message", "x", "v1", later)
    tag = git(lab, "rev-parse", "v1")
    assert run_check(HELD, run, network=advertising(v1=tag)).outcome == "pass"  # type: ignore[arg-type]


def test_without_the_repository_only_the_very_commit_counts(tmp_path: Path) -> None:
    _, run, later, _ = history(tmp_path)
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    assert run_check(HELD, alone, network=advertising(main=later)).outcome == "inconclusive"  # type: ignore[arg-type]
