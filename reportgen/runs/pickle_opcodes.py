"""What a pickle would do if somebody loaded it, read from its opcodes; nothing is loaded.

The walk follows the stack only as far as it is certain. ``STACK_GLOBAL`` takes two texts off the
stack: it is resolved when both were pushed right before it, as literals or from the memo, and
counts as unknown otherwise. The walk goes on behind a ``STOP``, where another pickle may wait, and
a pickle that ends early says nothing of what would have followed
(docs.python.org/3/library/pickletools.html).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

OPCODES_LIMIT: Final = 1_000_000

_TEXTS = frozenset(
    {"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING"}
)
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_EXTENSIONS = frozenset({"EXT1", "EXT2", "EXT4"})
_PERSISTENT = frozenset({"PERSID", "BINPERSID"})

TENSOR_GLOBALS: Final = frozenset(
    {"collections OrderedDict", "_codecs encode", "builtins set", "builtins bytearray"}
    | {"__builtin__ set", "__builtin__ bytearray"}
    | {f"torch {name}" for name in ("Size", "device", "dtype", "Tensor")}
    | {
        f"torch {kind}Storage"
        for kind in (
            *("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte"),
            *("Bool", "ComplexDouble", "ComplexFloat", "QUInt8", "QInt8", "QInt32"),
        )
    }
    | {
        f"torch {name}"
        for name in (
            *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8"),
            *("uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128"),
            *("float8_e4m3fn", "float8_e5m2"),
        )
    }
    | {"torch.storage UntypedStorage", "torch.storage TypedStorage"}
    | {"torch._tensor _rebuild_from_type_v2", "torch.nn.parameter Parameter"}
    | {
        f"torch._utils _rebuild_{name}"
        for name in ("tensor", "tensor_v2", "parameter", "parameter_with_state", "qtensor")
    }
    | {"torch._utils _rebuild_sparse_tensor", "torch.serialization _get_layout"}
    | {
        f"{module} {name}"
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name in ("_reconstruct", "scalar")
    }
    | {"numpy dtype", "numpy ndarray"}
)
"""What the state of a model is rebuilt from; any other name is one that loading would call."""


@dataclass(slots=True)
class PickleContent:
    """What the opcodes of one or more pickles say.

    Attributes:
        pickles: Pickles that ended in a ``STOP``.
        globals: Names that loading would import, as ``module name``.
        unknown: Names that loading would import and that no walk can tell.
        tensors: Persistent ids.
        nearby: For each persistent id, the texts that were pushed since the one before it.
        fault: Why the walk ended before the last byte, or None.
    """

    pickles: int = 0
    globals: set[str] = field(default_factory=set)
    unknown: int = 0
    tensors: int = 0
    nearby: list[frozenset[str]] = field(default_factory=list)
    fault: str | None = None

    @property
    def others(self) -> list[str]:
        """Names outside of :data:`TENSOR_GLOBALS`, sorted."""
        return sorted(self.globals - TENSOR_GLOBALS)


class _Walk:
    """The end of the stack as far as it is known, and the memo."""

    def __init__(self, content: PickleContent) -> None:
        self._content = content
        self._top: tuple[str | None, str | None] = (None, None)
        self._memo: dict[int, str | None] = {}
        self._texts: set[str] = set()

    def begin(self) -> None:
        self._top, self._memo = (None, None), {}

    def take(self, name: str, argument: Any) -> None:
        if name in _TEXTS:
            self._push(argument)
        elif name in _PUTS:
            self._memo[int(argument)] = self._top[1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._top[1]
        elif name in _GETS:
            self._push(self._memo.get(int(argument)))
        elif name not in ("PROTO", "FRAME"):
            self._call(name, argument)
            self._top = (None, None)

    def _push(self, text: str | None) -> None:
        self._top = (self._top[1], text)
        if text is not None:
            self._texts.add(text)

    def _call(self, name: str, argument: Any) -> None:
        content = self._content
        if name in ("GLOBAL", "INST"):
            content.globals.add(str(argument))
        elif name == "STACK_GLOBAL":
            module, attribute = self._top
            if module is None or attribute is None:
                content.unknown += 1
            else:
                content.globals.add(f"{module} {attribute}")
        elif name in _EXTENSIONS:
            content.unknown += 1
        elif name in _PERSISTENT:
            content.tensors += 1
            content.nearby.append(frozenset(self._texts))
            self._texts.clear()


def walk_pickles(data: bytes, *, limit: int = OPCODES_LIMIT) -> PickleContent:
    """Return what the pickles in ``data`` say, one behind the other to the last byte.

    Args:
        data: The bytes.
        limit: Opcodes that are read at most.
    """
    import pickletools  # costs milliseconds, and most runs that are read need none of it

    content = PickleContent()
    walk = _Walk(content)
    stream = io.BytesIO(data)
    count = 0
    while stream.tell() < len(data):
        walk.begin()
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                count += 1
                if count > limit:
                    content.fault = f"has more than {limit:,} opcodes"
                    return content
                walk.take(opcode.name, argument)
        except Exception as error:
            # genops raises whatever its decoders do: ValueError, struct.error and more.
            content.fault = f"is cut off or damaged ({str(error)[:80] or type(error).__name__})"
            return content
        content.pickles += 1
    return content
