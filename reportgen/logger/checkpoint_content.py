"""Turn what a training hands over as its model into the bytes of a checkpoint file.

torch is recognised in ``sys.modules`` and never imported: a model of torch cannot exist without
it. Everything is written through one descriptor that hashes as it goes, so that no file is read
again, and that remembers the disk's error, which torch reports as an error of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from reportgen.errors import UnavailableError, UsageError
from reportgen.fs.atomic import write_all

Format = Literal["torch", "safetensors"]
_EXPECTED: Final = "a model with state_dict(), a state dict, bytes, or the path of a file"
_FIX: Final = "Give pickle.dumps(model), or the path of the file that its library saved"


class HashingFile:
    """The writing end of a new file: counts and hashes what passes.

    Attributes:
        bytes: Written so far.
        error: The first error of the disk, or None.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write a buffer whole.

        Raises:
            OSError: The disk refused.
        """
        view = memoryview(data).cast("B")
        try:
            write_all(self._descriptor, view)
        except OSError as error:
            self.error = self.error or error
            raise
        self._digest.update(view)
        self.bytes += len(view)
        return len(view)

    def flush(self) -> None:
        """Nothing is held back; serialisers call it all the same."""

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes into one checkpoint file.

    Attributes:
        kind: ``torch``, ``pickle`` or ``safetensors`` for something to serialise, ``bytes`` or
            ``file`` for something to copy.
        suffix: The file's ending, with its dot.
        content: A mapping, bytes or a path, by ``kind``.
    """

    kind: str
    suffix: str
    content: Any

    def write(self, file: HashingFile) -> None:
        """Write the payload.

        Raises:
            OSError: The disk refused, or a file to copy cannot be read.
            Exception: Whatever the serialiser says of content that it cannot take.
        """
        if self.kind == "torch":
            sys.modules["torch"].save(self.content, file)
        elif self.kind == "pickle":
            import pickle

            pickle.dump(self.content, file, protocol=4)
        elif self.kind == "file":
            with open(self.content, "rb") as source:
                while piece := source.read(1 << 20):
                    file.write(piece)
        else:
            file.write(self.content)


def is_path(model: Any) -> bool:
    """Tell whether ``model`` names a file that some library saved."""
    return isinstance(model, str | os.PathLike)


def payload_of(
    model: Any, optimizer: Any, described: Mapping[str, Any], wanted: Format | None
) -> Payload:
    """Return what to write for a model.

    Args:
        model: Anything with ``state_dict()``, a state dict, bytes, or a path.
        optimizer: Anything with ``state_dict()``, its state dict, or None.
        described: Epoch, step, configuration, metric and extras, put beside the two state dicts
            (into the header, as text, with safetensors).
        wanted: ``safetensors`` for the model's tensors alone, in that format.

    Raises:
        UsageError: Nothing of these, or a format that the model cannot have.
        UnavailableError: safetensors is asked for and not installed.
    """
    if isinstance(model, bytes | bytearray | memoryview):
        _refuse_format(wanted, "bytes")
        return Payload("bytes", ".bin", bytes(model))
    if is_path(model):
        _refuse_format(wanted, "a file")
        return _file_payload(Path(model))
    state = _state_of(model, "model")
    if wanted == "safetensors":
        return Payload("safetensors", ".safetensors", _safetensors_bytes(state, described))
    if wanted not in (None, "torch"):
        raise UsageError(
            f"the format {wanted!r:.80} is unknown",
            where="save_checkpoint(format=)",
            expected="torch or safetensors",
        )
    content = {key: described[key] for key in ("epoch", "step") if key in described}
    content["model_state_dict"] = state
    if optimizer is not None:
        content["optimizer_state_dict"] = _state_of(optimizer, "optimizer")
    content.update({key: value for key, value in described.items() if key not in content})
    return mapping_payload(content)


def mapping_payload(content: Mapping[str, Any]) -> Payload:
    """Return a mapping as it is to be written: by torch where it is loaded, else pickled."""
    return Payload("torch", ".pt", content) if _has_torch() else Payload("pickle", ".pkl", content)


def without_optimizer(payload: Payload) -> Payload:
    """Return the payload less its optimizer's state; one that has none comes back unchanged."""
    if payload.kind not in ("torch", "pickle"):
        return payload
    content = {k: v for k, v in payload.content.items() if k != "optimizer_state_dict"}
    return Payload(payload.kind, payload.suffix, content)


def _has_torch() -> bool:
    return hasattr(sys.modules.get("torch"), "save")


def _state_of(holder: Any, role: str) -> Any:
    if isinstance(holder, Mapping):
        return holder
    get = getattr(holder, "state_dict", None)
    if not callable(get):
        raise UsageError(
            f"the {role} is a {type(holder).__name__}",
            where="save_checkpoint",
            expected=_EXPECTED if role == "model" else "something with state_dict(), or None",
            fix=_FIX if role == "model" else None,
        )
    return get()


def _file_payload(path: Path) -> Payload:
    if path.is_file():
        return Payload("file", _suffix_of(path), path)
    if path.is_dir():
        raise UsageError(
            "is a folder",
            where=str(path),
            expected="one file",
            fix="Keep a folder with run.log_artifact(path)",
        )
    raise UsageError("there is no such file", where=str(path), expected=_EXPECTED)


def _suffix_of(path: Path) -> str:
    """Return a plain ending; ``.json`` beside the file is the description's own."""
    suffix = path.suffix if re.fullmatch(r"\.[A-Za-z0-9_]{1,12}", path.suffix) else ".bin"
    return ".model" if suffix.lower() == ".json" else suffix


def _refuse_format(wanted: str | None, what: str) -> None:
    if wanted is not None:
        raise UsageError(
            f"the format {wanted!r:.80} is asked for, and {what} given",
            where="save_checkpoint(format=)",
            expected="a model or a state dict",
            fix="Leave format= out: what is given is kept as it is",
        )


def _safetensors_bytes(state: Any, described: Mapping[str, Any]) -> bytes:
    try:
        from importlib import import_module

        library = import_module("safetensors.torch")
    except ImportError:
        raise UnavailableError(
            "safetensors is not installed",
            where="save_checkpoint(format='safetensors')",
            fix="pip install safetensors, or leave format= out",
        ) from None
    tensors = {name: value for name, value in state.items() if hasattr(value, "untyped_storage")}
    # The format forbids two names for one storage, which tied weights are.
    own = {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()
    }
    text = {key: str(value) for key, value in described.items() if not isinstance(value, Mapping)}
    data: bytes = library.save(own, metadata=text)
    return data
