"""The command line is recorded so that it can be given again elsewhere, and names no place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from reportgen.capture.command import CONFIG_BYTES, capture_command, config_files_in
from reportgen.runs.schema import to_plain

SCRIPT = """
import json, sys
from pathlib import Path
from reportgen.capture.command import capture_command
from reportgen.runs.schema import to_plain
top = Path(sys.argv[1]) if sys.argv[1:2] != ["none"] else None
print(json.dumps(to_plain(capture_command(top=top))))
"""


def ask(*command: str, cwd: Path) -> dict:
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src/tool").mkdir(parents=True)
    (tmp_path / "src/train.py").write_text(SCRIPT)
    (tmp_path / "src/tool/__init__.py").write_text("")
    (tmp_path / "src/tool/go.py").write_text(SCRIPT)
    (tmp_path / "src/tool/__main__.py").write_text(SCRIPT)
    return tmp_path


def test_a_script_and_its_folder(project: Path) -> None:
    found = ask("train.py", str(project), "--lr", "0.1", "a b", "", cwd=project / "src")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert found == {
        "argv": ["train.py", "..", "--lr", "0.1", "a b", ""],
        "cwd": "src",
        "interpreter": version,
        "notebook": None,
    }


def test_a_script_named_by_its_absolute_path(project: Path) -> None:
    found = ask(str(project / "src/train.py"), str(project), cwd=project)
    assert found["argv"] == ["src/train.py", "."]
    assert found["cwd"] == "."


@pytest.mark.parametrize(("module", "recorded"), [("tool.go", "tool.go"), ("tool", "tool")])
def test_a_module_is_named_as_it_was_started(project: Path, module: str, recorded: str) -> None:
    found = ask("-m", module, "none", "--x", cwd=project / "src")
    assert found["argv"] == ["-m", recorded, "none", "--x"]
    assert found["cwd"] is None


def test_the_text_of_option_c_is_kept(project: Path) -> None:
    program = SCRIPT.strip()
    assert ask("-c", program, "none", cwd=project)["argv"] == ["-c", program, "none"]


def test_no_argument_names_home_or_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, top = tmp_path / "home/alice", tmp_path / "code"
    home.mkdir(parents=True)
    (top / "data").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(top)
    argv = [f"{top}/train.py", f"--data={top}/data", f"{home}/sets/x", f"out={home}", "/mnt/sets"]
    found = capture_command(argv, top=top)
    assert found.argv == ["train.py", "--data=data", "~/sets/x", "out=~", "/mnt/sets"]
    assert "alice" not in json.dumps(to_plain(found))


@pytest.mark.parametrize(
    "word", ["$(touch P)", "a'; x '", "a\nb", "--flag=x y", "\x01", "-n", "~", "*", "a\\", "\udcff"]
)
def test_every_other_argument_stays_byte_for_byte(word: str) -> None:
    assert capture_command(["train.py", word]).argv == ["train.py", word]


def test_a_notebook_is_named_as_far_as_its_server_tells(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    assert capture_command([], top=project).notebook == "unnamed notebook"
    notebook = project / "src/work.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    assert capture_command([], top=project).notebook == "work.ipynb"
    notebook.write_text("{}")
    assert capture_command([], top=project).notebook == "src/work.ipynb"


# -- configuration files --------------------------------------------------------------------


def test_files_named_in_arguments_are_found_once(project: Path) -> None:
    for name in ("a.yaml", "b.json", "c.toml", "d.YML", "e.txt"):
        (project / name).write_text("{}")
    argv = ["train.py", "a.yaml", "--config=b.json", "--x", "./c.toml", "a.yaml", "d.YML", "e.txt"]
    found = config_files_in([*argv, "missing.yaml", "cfg=d.YML", "x\0.yaml"], cwd=project, top=None)
    assert [path.name for path in found] == ["a.yaml", "b.json", "c.toml", "d.YML"]


def test_files_outside_links_outward_and_large_files_are_left_alone(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "o.yaml"
    outside.write_text("a: 1\n")
    (project / "link.yaml").symlink_to(outside)
    (project / "large.yaml").write_text("#" * (CONFIG_BYTES + 1))
    (project / "folder.yaml").mkdir()
    argv = [str(outside), "link.yaml", "large.yaml", "folder.yaml", "../x.yaml"]
    assert config_files_in(argv, cwd=project, top=project) == []


def test_names_start_from_the_working_folder(project: Path) -> None:
    (project / "src/a.yaml").write_text("a: 1\n")
    found = config_files_in(["../src/a.yaml"], cwd=project / "src", top=project)
    assert found == [project / "src/a.yaml"]
    assert config_files_in(["a.yaml"], cwd=project, top=project) == []


def test_hydra_options_name_folder_and_file(project: Path) -> None:
    (project / "settings").mkdir()
    (project / "settings/mlp.yaml").write_text("lr: 1\n")
    (project / "conf").mkdir()
    (project / "conf/cnn.yaml").write_text("lr: 1\n")
    argv = ["train.py", "--config-path=settings", "--config-name", "mlp", "lr=2"]
    assert config_files_in(argv, cwd=project, top=project) == [project / "settings/mlp.yaml"]
    argv = ["train.py", "-cn", "cnn.yaml"]
    assert config_files_in(argv, cwd=project, top=project) == [project / "conf/cnn.yaml"]


def test_a_running_hydra_tells_its_sources_and_choices(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("conf/config.yaml", "conf/model/mlp.yaml", "conf/model/cnn.yaml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("a: 1\n")
    told = SimpleNamespace(
        job=SimpleNamespace(config_name="config"),
        runtime=SimpleNamespace(
            choices={"model@net": "mlp", "hydra/launcher": "basic"},
            config_sources=[
                SimpleNamespace(schema="pkg", path="hydra.conf"),
                SimpleNamespace(schema="file", path=str(project / "conf")),
            ],
        ),
    )
    module = ModuleType("hydra.core.hydra_config")
    module.HydraConfig = SimpleNamespace(get=lambda: told)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hydra.core.hydra_config", module)
    found = config_files_in(["train.py", "model=mlp"], cwd=project, top=project)
    assert found == [project / "conf/config.yaml", project / "conf/model/mlp.yaml"]
    module.HydraConfig = SimpleNamespace(get=lambda: 1 / 0)  # type: ignore[attr-defined]
    assert config_files_in(["train.py", "model=mlp"], cwd=project, top=project) == []
