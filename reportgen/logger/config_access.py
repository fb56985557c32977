"""``run.config``: the configuration as an object that notes which of its keys were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from reportgen.errors import UsageError
from reportgen.suggest import nearest


class Access:
    """Which leaf keys of a configuration were read, and which defaults stood in for absent ones.

    Attributes:
        tracking: Whether ``run.config`` was asked for at all.
        read: Dotted leaf keys.
        absent: Dotted keys that were asked for and not there, with the default used.
    """

    def __init__(self) -> None:
        self.tracking = False
        self.read: set[str] = set()
        self.absent: dict[str, Any] = {}


class Config(dict[str, Any]):
    """The configuration of a run as a mapping with attributes, which notes each leaf read.

    ``config["model"]["width"]`` and ``config.model.width`` are the same; ``**config`` and
    ``dict(config)`` read every key. It was recorded when the run started, so it does not change.
    """

    __slots__ = ("_access", "_prefix")

    _access: Access
    _prefix: str

    def __init__(self, values: Mapping[str, Any], access: Access, prefix: str = "") -> None:
        super().__init__(
            {
                key: Config(value, access, f"{prefix}{key}.")
                if isinstance(value, Mapping) and value
                else value
                for key, value in values.items()
            }
        )
        object.__setattr__(self, "_access", access)
        object.__setattr__(self, "_prefix", prefix)

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if not isinstance(value, Config):
            self._access.read.add(f"{self._prefix}{key}")
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or ``default``, which is then recorded as used."""
        if key in self:
            return self[key]
        self._access.absent.setdefault(f"{self._prefix}{key}", default)
        return default

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name.startswith("_"):
            raise AttributeError(name)
        self._access.absent.setdefault(f"{self._prefix}{name}", None)
        raise AttributeError(
            f"the configuration has no key {self._prefix}{name}. {nearest(name, list(self.keys()))}"
        )

    # A dict that is iterated by its own method is copied by the interpreter without asking
    # __getitem__; with this one, ``**config`` and ``dict(config)`` read key by key.
    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def values(self) -> Any:
        """Return the values; each counts as read."""
        return [self[key] for key in self]

    def items(self) -> Any:
        """Return pairs of key and value; each value counts as read."""
        return [(key, self[key]) for key in self]

    def copy(self) -> dict[str, Any]:
        """Return nested plain dicts that may be changed; every key counts as read."""
        return {k: v.copy() if isinstance(v, Config) else v for k, v in self.items()}

    to_dict = copy

    def __copy__(self) -> dict[str, Any]:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        import copy

        copied: dict[str, Any] = copy.deepcopy(self.copy(), memo)
        return copied

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (self.copy(),)

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise UsageError(
            "the configuration cannot be changed: it was recorded when the run started",
            where="run.config",
            fix="Pass the changed value to start_run(config=), or work on run.config.copy().",
        )

    __setitem__ = __delitem__ = __setattr__ = __delattr__ = _refuse
    __ior__ = update = setdefault = pop = popitem = clear = _refuse
