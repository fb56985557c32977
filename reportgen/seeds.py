"""Seed every random generator that a training uses, and prove later which seed it was.

Python, NumPy's legacy generator and torch's CPU generator are Mersenne twisters (MT19937,
Matsumoto and Nishimura 1998). A fingerprint is the SHA-256 of their 624 state words right after
seeding, as little-endian unsigned 32-bit integers without the position, so that it can be
recomputed from the seed alone, without NumPy or torch.
"""

from __future__ import annotations

import hashlib
import operator
import os
import random
import struct
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from reportgen.errors import UsageError
from reportgen.post_import import when_imported

_WORDS = 624
_MASK = 0xFFFFFFFF
_TORCH_STATE_OFFSET = 24
_TORCH_STATE_BYTES = _TORCH_STATE_OFFSET + 8 * _WORDS
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"

_lock = threading.RLock()
_record: SeedRecord | None = None


@dataclass(slots=True)
class SeedRecord:
    """What one call of :func:`set_seed` did; libraries loaded later are added as they come.

    Attributes:
        seed: The seed asked for.
        deterministic: Whether the frameworks' deterministic kernels were asked for.
        used: Library (python, numpy, torch, cuda) to the seed it was given; None: not loaded,
            or no such device.
        state_sha256: Library to the fingerprint of its state right after seeding.
    """

    seed: int
    deterministic: bool = False
    used: dict[str, int | None] = field(
        default_factory=lambda: {"python": None, "numpy": None, "torch": None, "cuda": None}
    )
    state_sha256: dict[str, str] = field(default_factory=dict)

    @property
    def seeds(self) -> dict[str, Any]:
        """The mapping ``seeds`` of environment.yaml."""
        return {**self.used, "state_sha256": dict(self.state_sha256)}


def set_seed(seed: int, deterministic: bool = False) -> SeedRecord:
    """Seed Python and what is loaded of NumPy, PyTorch and CUDA; nothing is imported for it.

    NumPy or torch imported later are seeded the moment they are loaded. NumPy takes the seed
    modulo 2**32.

    Args:
        seed: A whole number from 0 to 2**64 - 1.
        deterministic: Also ask torch for deterministic kernels, which may cost 10-20 % of the
            speed; operations that have none only warn.

    Returns:
        The record, which :func:`current` gives from now on.

    Raises:
        UsageError: ``seed`` is no whole number in that range.
    """
    global _record
    record = SeedRecord(_whole_number(seed), bool(deterministic))
    with _lock:
        _record = record
        random.seed(record.seed)
        _note(record, "python", record.seed, random.getstate()[1][:_WORDS])
        if deterministic:
            # Read when cuBLAS makes its first handle: it has to stand before CUDA is used.
            os.environ.setdefault(_CUBLAS, ":4096:8")
            _say_cost_once()
        for library, action in (("numpy", _seed_numpy), ("torch", _seed_torch)):
            when_imported(library, action)
    return record


def current() -> SeedRecord | None:
    """Return the record of the last :func:`set_seed`, or None."""
    return _record


def expected_state_sha256(library: str, seed: int) -> str | None:
    """Return the fingerprint that seeding ``library`` with ``seed`` leaves, recomputed here.

    Args:
        library: ``python``, ``numpy`` or ``torch`` (its CPU generator, which takes the lower
            32 bits of the seed).
        seed: The seed that the library was given.

    Returns:
        The SHA-256, or None for another library or a seed that it would not have taken.
    """
    if seed < 0:
        return None
    if library == "python":
        return _fingerprint(random.Random(seed).getstate()[1][:_WORDS])  # noqa: S311
    if library == "numpy" and seed <= _MASK:
        return _fingerprint(_twister_words(seed))
    if library == "torch" and seed < 2**64:
        return _fingerprint(_twister_words(seed & _MASK))
    return None


def _twister_words(seed: int) -> list[int]:
    """``init_genrand`` of mt19937ar.c (Matsumoto and Nishimura, 2002)."""
    words = [seed & _MASK]
    for index in range(1, _WORDS):
        before = words[-1]
        words.append((1812433253 * (before ^ (before >> 30)) + index) & _MASK)
    return words


def _fingerprint(words: Sequence[int]) -> str:
    return hashlib.sha256(struct.pack(f"<{_WORDS}I", *words)).hexdigest()


def _whole_number(seed: Any) -> int:
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if isinstance(seed, bool) or not 0 <= number < 2**64:
        raise UsageError(
            f"the seed is {seed!r:.80}",
            where="set_seed",
            expected="a whole number from 0 to 2**64 - 1",
            fix="Pass one, such as set_seed(1337)",
        )
    return number


def _note(record: SeedRecord, library: str, seed: int, words: Sequence[int]) -> None:
    record.used[library] = seed
    record.state_sha256[library] = _fingerprint(words)


def _seed_numpy(numpy: ModuleType) -> None:
    with _lock:
        if (record := _record) is None:
            return
        seed = record.seed & _MASK
        numpy.random.seed(seed)
        _note(record, "numpy", seed, [int(word) for word in numpy.random.get_state()[1]])


def _seed_torch(torch: ModuleType) -> None:
    with _lock:
        if (record := _record) is None:
            return
        torch.manual_seed(record.seed)
        state = bytes(torch.get_rng_state().tolist())
        _note(record, "torch", record.seed, torch_state_words(state))
        if torch.cuda.is_available():
            record.used["cuda"] = record.seed
        if record.deterministic:
            torch.use_deterministic_algorithms(True, warn_only=True)
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False


def torch_state_words(state: bytes) -> list[int]:
    """Return the 624 words within the bytes of ``torch.get_rng_state()``.

    torch keeps them as 64-bit integers after a seed (8 bytes), two 32-bit flags and the position
    (8 bytes), as ATen's CPUGeneratorImplStateLegacy lays them out.

    Raises:
        ValueError: ``state`` is too short to be one.
    """
    if len(state) < _TORCH_STATE_BYTES:
        raise ValueError(f"a torch state of {len(state)} bytes; at least {_TORCH_STATE_BYTES}")
    words = struct.unpack_from(f"<{_WORDS}Q", state, _TORCH_STATE_OFFSET)
    return [word & _MASK for word in words]


def _say_cost_once() -> None:
    global _said
    if not _said:
        _said = True
        sys.stderr.write("reportgen: deterministic=True may cost 10-20 % of the training's speed\n")


_said = False
