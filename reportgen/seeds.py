"""Seed every random number generator that is loaded, and leave a fingerprint that can be checked.

All three of Python's ``random``, NumPy's legacy generator and PyTorch's CPU generator are MT19937
(Matsumoto and Nishimura, 1998). The fingerprint is the SHA-256 of the 624 words of its state right
after seeding, little-endian uint32, without the position; it follows from the seed alone, so that
an auditor recomputes it without NumPy or PyTorch.
"""

from __future__ import annotations

import hashlib
import os
import random
import struct
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from reportgen.errors import UsageError

_WORDS = 624
_LARGEST = 2**32 - 1


@dataclass(slots=True)
class SeedRecord:
    """What was seeded.

    Attributes:
        seed: The seed asked for.
        deterministic: Whether the frameworks' deterministic flags were asked for.
        seeds: ``{"python": 7, "numpy": 7, ..., "state_sha256": {"python": ...}}``, as in
            environment.yaml; a library that is not loaded is absent, ``cuda`` is None
            without a device.
    """

    seed: int
    deterministic: bool
    seeds: dict[str, Any] = field(default_factory=dict)


_current: SeedRecord | None = None


def set_seed(seed: int, deterministic: bool = False) -> SeedRecord:
    """Seed Python, and NumPy, PyTorch and CUDA as far as they are loaded.

    A library that is imported later is seeded then. Nothing is imported by this call.

    Args:
        seed: A whole number from 0 to 2**32 - 1 (the range that all of them take).
        deterministic: Also set the frameworks' flags for deterministic algorithms, which may
            cost 10 to 20 % of speed and never promises equality across versions and machines.

    Raises:
        UsageError: The seed is no such number.
    """
    global _current
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise UsageError(f"the seed is {seed!r:.60}", expected="a whole number, such as seed=1337")
    number = int(seed.__index__())
    if not 0 <= number <= _LARGEST:
        raise UsageError(f"the seed is {number}", expected=f"a whole number from 0 to {_LARGEST}")
    record = SeedRecord(number, deterministic, {"state_sha256": {}})
    random.seed(number)
    _note(record, "python", random.getstate()[1][:_WORDS])
    _current = record
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    for library, seed_it in _LIBRARIES.items():
        module = sys.modules.get(library)
        if module is not None and _is_whole(module):
            seed_it(module, record)
    _watch_imports()
    return record


def current() -> SeedRecord | None:
    """Return what the last :func:`set_seed` of this process seeded, or None."""
    return _current


def _note(record: SeedRecord, library: str, words: Sequence[int] | None) -> None:
    record.seeds[library] = record.seed
    if words is not None:
        record.seeds["state_sha256"][library] = fingerprint(words)


def fingerprint(words: Sequence[int]) -> str:
    """Return the SHA-256 of a generator's 624 words as little-endian uint32.

    Args:
        words: 624 numbers from 0 to 2**32 - 1.
    """
    return hashlib.sha256(struct.pack(f"<{len(words)}I", *words)).hexdigest()


def expected_state_sha256(library: str, seed: int) -> str | None:
    """Return the fingerprint that follows from a seed, or None for an unknown library.

    Args:
        library: ``python``, ``numpy`` or ``torch``.
        seed: As recorded.
    """
    if seed < 0:
        return None
    if library == "python":
        return fingerprint(random.Random(seed).getstate()[1][:_WORDS])  # noqa: S311
    if library == "numpy" and seed <= _LARGEST:
        return fingerprint(_init_genrand(seed))
    if library == "torch":
        return fingerprint(_init_genrand(seed & _LARGEST))
    return None


def _init_genrand(seed: int) -> list[int]:
    """The initialisation of the reference implementation, mt19937ar.c of 2002/1/26."""
    words = [seed]
    for index in range(1, _WORDS):
        previous = words[-1]
        words.append((1812433253 * (previous ^ (previous >> 30)) + index) & 0xFFFFFFFF)
    return words


# -- libraries ----------------------------------------------------------------------------


def _seed_numpy(numpy: Any, record: SeedRecord) -> None:
    numpy.random.seed(record.seed)
    _note(record, "numpy", [int(word) for word in numpy.random.get_state()[1]])


def _seed_torch(torch: Any, record: SeedRecord) -> None:
    torch.manual_seed(record.seed)
    _note(record, "torch", _torch_words(torch))
    record.seeds["cuda"] = None
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(record.seed)
        record.seeds["cuda"] = record.seed
    if record.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def _torch_words(torch: Any) -> list[int] | None:
    """Read the words out of the CPU generator's state.

    Its state is the struct of the old Torch generator: seed (8 bytes), left and seeded (4 each),
    next (8), then 624 words of 8 bytes each, of which the upper half is nothing.
    """
    data = bytes(torch.get_rng_state().tolist())
    start = 24
    if len(data) < start + 8 * _WORDS:
        return None
    words = struct.unpack_from(f"<{_WORDS}Q", data, start)
    return list(words) if all(word <= _LARGEST for word in words) else None


_LIBRARIES: dict[str, Callable[[Any, SeedRecord], None]] = {
    "numpy": _seed_numpy,
    "torch": _seed_torch,
}


def _is_whole(module: Any) -> bool:
    """Tell a library that is imported from one that is being imported."""
    spec = getattr(module, "__spec__", None)
    return hasattr(module, "random") and not getattr(spec, "_initializing", False)


class _SeedOnImport(MetaPathFinder):
    """Seeds a library right after it was imported; finds nothing itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _LIBRARIES:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    _seed_after(spec.loader, name)
                return spec
        return None


def _seed_after(loader: Loader, name: str) -> None:
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        if _current is not None:
            try:
                _LIBRARIES[name](module, _current)
            except Exception as error:
                warnings.warn(
                    f"reportgen: {name} could not be seeded: {error}", RuntimeWarning, stacklevel=2
                )

    loader.exec_module = exec_module  # type: ignore[method-assign]


_finder = _SeedOnImport()


def _watch_imports() -> None:
    if _finder not in sys.meta_path and any(name not in sys.modules for name in _LIBRARIES):
        sys.meta_path.insert(0, _finder)
