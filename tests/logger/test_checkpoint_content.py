"""What a model becomes as a file: of torch, of safetensors, of anything else."""

from __future__ import annotations

import hashlib
import os
import pickle
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger.checkpoint_content import HashingFile, payload_of, without_optimizer


class Perceptron:
    """A model of no library, as in a script without torch."""

    def state_dict(self) -> dict[str, Any]:
        return {"weights": [0.5, -1.0]}


def written(tmp_path: Path, payload: Any) -> Path:
    path = tmp_path / f"out{payload.suffix}"
    path.touch()
    file = HashingFile(path)
    payload.write(file)
    file.close()
    assert file.bytes == path.stat().st_size
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return path


def test_a_torch_model_is_saved_by_torch_with_its_optimizer_and_facts(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    described = {"epoch": 3, "step": 40, "config": {"lr": 0.1}, "val/acc": 0.5}
    payload = payload_of(model, optimizer, described, None)
    loaded = torch.load(written(tmp_path, payload), weights_only=True)
    assert list(loaded)[:4] == ["epoch", "step", "model_state_dict", "optimizer_state_dict"]
    assert torch.equal(loaded["model_state_dict"]["weight"], model.weight)
    assert loaded["optimizer_state_dict"]["param_groups"][0]["momentum"] == 0.9
    assert (loaded["config"], loaded["val/acc"]) == ({"lr": 0.1}, 0.5)


def test_equal_models_become_equal_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        torch.manual_seed(1)
        (tmp_path / name).mkdir()
        payload = payload_of(torch.nn.Linear(2, 1), None, {"epoch": 1}, "torch")
        files.append(written(tmp_path / name, payload).read_bytes())
    assert files[0] == files[1]


def test_a_state_dict_is_taken_as_it_is(tmp_path: Path) -> None:
    payload = payload_of({"w": torch.ones(1)}, {"state": {}}, {"epoch": 1}, None)
    loaded = torch.load(written(tmp_path, payload), weights_only=True)
    assert loaded["optimizer_state_dict"] == {"state": {}}


def test_the_optimizer_can_be_left_out_afterwards() -> None:
    payload = without_optimizer(payload_of(Perceptron(), Perceptron(), {"epoch": 1}, None))
    assert "optimizer_state_dict" not in payload.content
    assert payload.content["model_state_dict"] == {"weights": [0.5, -1.0]}


def test_without_torch_a_state_dict_is_pickled_and_nothing_imports_torch(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from reportgen.logger.checkpoint_content import HashingFile, payload_of
class M:
    def state_dict(self): return {{"w": 1.5}}
payload = payload_of(M(), None, {{"epoch": 2, "step": None}}, None)
path = Path({str(tmp_path)!r}) / ("m" + payload.suffix)
path.touch()
payload.write(HashingFile(path))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    loaded = pickle.loads((tmp_path / "m.pkl").read_bytes())
    assert loaded == {"epoch": 2, "step": None, "model_state_dict": {"w": 1.5}}


def test_bytes_and_files_are_copied(tmp_path: Path) -> None:
    assert written(tmp_path, payload_of(b"weights", None, {}, None)).read_bytes() == b"weights"
    source = tmp_path / "trees.ubj"
    source.write_bytes(os.urandom(3_000_000))
    copy = written(tmp_path, payload_of(str(source), None, {}, None))
    assert copy.suffix == ".ubj"
    assert copy.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("m.json", ".model"), ("m", ".bin"), ("m.a b", ".bin"), ("m.safetensors", ".safetensors")],
)
def test_the_ending_of_a_copied_file_stays_when_it_is_plain(
    tmp_path: Path, name: str, suffix: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert payload_of(tmp_path / name, None, {}, None).suffix == suffix


def test_safetensors_holds_the_tensors_and_the_facts_as_text(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors", reason="safetensors is not installed")
    model = torch.nn.Linear(2, 1)
    tied = {**model.state_dict(), "again": model.weight}
    described = {"epoch": 3, "config": {"lr": 0.1}}
    path = written(tmp_path, payload_of(tied, None, described, "safetensors"))
    with library.safe_open(path, "pt") as file:
        assert sorted(file.keys()) == ["again", "bias", "weight"]
        assert torch.equal(file.get_tensor("again"), model.weight)
        assert file.metadata() == {"epoch": "3"}


def test_safetensors_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(UnavailableError, match="pip install safetensors"):
        payload_of(torch.nn.Linear(1, 1), None, {}, "safetensors")


@pytest.mark.parametrize(
    ("model", "optimizer", "wanted", "words"),
    [
        (3, None, None, "the model is a int"),
        (Perceptron(), 3, None, "the optimizer is a int"),
        (Perceptron(), None, "onnx", "'onnx' is unknown"),
        (b"x", None, "safetensors", "Leave format= out"),
        ("no-such-file.bin", None, None, "no such file"),
        (".", None, None, "run.log_artifact"),
    ],
)
def test_what_is_no_model_is_refused_with_the_fix(
    model: Any, optimizer: Any, wanted: Any, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        payload_of(model, optimizer, {}, wanted)


def test_a_write_that_the_disk_cuts_short_is_an_error(tmp_path: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from reportgen.logger.checkpoint_content import HashingFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
path = Path({str(tmp_path)!r}) / "x"
path.touch()
file = HashingFile(path)
try:
    file.write(bytes(5000))
except OSError as error:
    print(error.errno)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "27"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
