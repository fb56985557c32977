"""Run folders, and what lies beside them, never count as code; everything else does."""

from __future__ import annotations

import pytest

from reportgen.capture.run_trees import is_run_file
from reportgen.capture.shadow import open_shadow

RUN_YAML = "schema: reportgen.run/1\nid: x\nname: x\nstatus: finished\n"


def kept_paths(repo, revision: str = "HEAD") -> set[str]:
    with open_shadow(repo.top) as shadow:
        commit = repo.git("rev-parse", revision)
        return set(shadow.paths(shadow.without_runs(commit)))


@pytest.mark.parametrize(
    ("text", "is_run"),
    [
        (RUN_YAML, True),
        ("id: x\nschema: 'reportgen.run/1'\n", True),
        ('schema: "reportgen.run/12"\n', True),
        ("name: sweep\nprogram: train.py\n", False),
        ("  schema: reportgen.run/1\n", False),
        ("# schema: reportgen.run/1\n", False),
        ("schema: reportgen.runs/1\n", False),
        ("#" * 5_000 + "\nschema: reportgen.run/1\n", False),
        ("", False),
    ],
)
def test_a_run_file_is_known_by_its_schema(text: str, is_run: bool) -> None:
    assert is_run_file(text.encode()) is is_run


def test_run_folders_go_wherever_they_are(repo) -> None:
    code = kept_paths(repo)
    for folder in ("runs/a", "runs/p/g/b", "deep/er/runs/c"):
        repo.write(f"{folder}/run.yaml", RUN_YAML)
        repo.write(f"{folder}/metrics.jsonl", "{}\n")
        repo.write(f"{folder}/checkpoints/x.pt", "x")
    repo.write("runs/p/g/sweep.yaml", "name: s\n")
    repo.write("runs/models.yaml", "models: {}\n")
    repo.write("runs/p/models.yaml", "models: {}\n")
    repo.commit()
    assert kept_paths(repo) == code
    with open_shadow(repo.top) as shadow:
        folders = set(shadow.run_trees.run_folders(repo.tree()))
        assert folders == {"runs/a", "runs/p/g/b", "deep/er/runs/c"}
        assert shadow.without_runs(repo.git("rev-parse", "HEAD")) == repo.tree("HEAD~1")


def test_other_files_under_the_root_count(repo) -> None:
    repo.write("runs/a/run.yaml", RUN_YAML)
    repo.write("runs/train.py", "x = 1\n")
    repo.write("runs/README.md", "text\n")
    repo.commit()
    assert {"runs/train.py", "runs/README.md"} <= kept_paths(repo)
    assert "runs/a/run.yaml" not in kept_paths(repo)


def test_files_of_the_same_name_that_belong_to_no_run_count(repo) -> None:
    repo.write("run.yaml", RUN_YAML)
    repo.write("sweep.yaml", "program: train.py\n")
    repo.write("models.yaml", "- resnet\n")
    repo.write("conf/run.yaml", "hydra: {}\n")
    repo.write("conf/sweep.yaml", "method: grid\n")
    repo.write("conf/models.yaml", "- resnet\n")
    repo.write("runs/a/run.yaml", RUN_YAML)
    repo.write("other/sweep.yaml/file", "x")
    repo.commit()
    assert kept_paths(repo) >= {
        "run.yaml",
        "sweep.yaml",
        "models.yaml",
        "conf/run.yaml",
        "conf/sweep.yaml",
        "conf/models.yaml",
        "other/sweep.yaml/file",
    }


def test_a_sweep_file_counts_two_levels_above_a_run(repo) -> None:
    repo.write("runs/g/a/run.yaml", RUN_YAML)
    repo.write("runs/sweep.yaml", "x: 1\n")
    repo.write("runs/g/sweep.yaml", "x: 1\n")
    repo.commit()
    assert "runs/sweep.yaml" in kept_paths(repo)
    assert "runs/g/sweep.yaml" not in kept_paths(repo)


def test_a_linked_run_file_makes_no_run(repo) -> None:
    repo.write("runs/a/real.yaml", RUN_YAML)
    (repo.top / "runs/a/run.yaml").symlink_to("real.yaml")
    repo.commit()
    assert "runs/a/real.yaml" in kept_paths(repo)


def test_a_tree_of_runs_alone_is_the_empty_tree(make_repo) -> None:
    repo = make_repo()
    repo.write("runs/a/run.yaml", RUN_YAML)
    commit = repo.commit()
    with open_shadow(repo.top) as shadow:
        assert shadow.without_runs(commit) == shadow.empty_tree


def test_paths_are_taken_out_whole_and_what_is_not_there_is_no_fault(repo) -> None:
    with open_shadow(repo.top) as shadow:
        head = repo.git("rev-parse", "HEAD")
        less = shadow.without_runs(
            head, left_out=["lib/__init__.py", "data", "nowhere/x", "train.py/x"]
        )
        assert set(shadow.paths(less)) == {"train.py"}
        nothing = shadow.without_runs(head, left_out=["lib", "data/table.csv", "train.py"])
        assert nothing == shadow.empty_tree
        assert shadow.without_runs(head, left_out=[]) == repo.tree()


def test_removing_and_staging_agree_with_git(repo) -> None:
    repo.write("runs/a/run.yaml", RUN_YAML)
    repo.write("z.py")
    repo.commit()
    with open_shadow(repo.top) as shadow:
        reduced = shadow.without_runs(repo.git("rev-parse", "HEAD"))
    repo.git("rm", "-rq", "--cached", "runs")
    assert repo.git("write-tree") == reduced
