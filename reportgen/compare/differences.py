"""Facts of several runs side by side: which keys differ, and which cannot be compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

Missing = Literal["absent", "not recorded"]
ABSENT: Final = "absent"
UNRECORDED: Final = "not recorded"


class Section(Struct, frozen=True, kw_only=True):
    """Facts of one run under dotted keys.

    Attributes:
        facts: By key; None means "looked, there is none".
        unrecorded: Keys and prefixes of keys that the run says nothing of, with the reason; the
            empty key stands for all of them.
    """

    facts: dict[str, Any] = {}
    unrecorded: dict[str, str] = {}

    def missing(self, key: str) -> Missing | None:
        """Return why the run has no value of ``key``; None when it has one."""
        if key in self.facts:
            return None
        prefixes = ("", *_prefixes(key))
        return UNRECORDED if any(one in self.unrecorded for one in prefixes) else ABSENT


class Difference(Struct, frozen=True, kw_only=True):
    """One key of several runs.

    Attributes:
        key: Dotted.
        values: One a run; None also where the run has no value.
        missing: Position of such a run to ``absent`` (it has other keys of the kind) or
            ``not recorded`` (nothing can be said of it).
        state: ``same``, ``differs``, or ``unknown``: nothing differs among the runs that
            recorded it, and not all did.
    """

    key: str
    values: tuple[Any, ...]
    missing: dict[int, Missing]
    state: Literal["same", "differs", "unknown"]


def compare_sections(sections: Sequence[Section]) -> list[Difference]:
    """Return every key that any run has, in order of first appearance, with its state."""
    keys = dict.fromkeys(key for section in sections for key in section.facts)
    return [_compared(key, sections) for key in keys]


def _compared(key: str, sections: Sequence[Section]) -> Difference:
    missing: dict[int, Missing] = {}
    for position, section in enumerate(sections):
        reason = section.missing(key)
        if reason is not None:
            missing[position] = reason
    values = tuple(section.facts.get(key) for section in sections)
    known = [value for at, value in enumerate(values) if at not in missing]
    differs = any(not same_value(known[0], value) for value in known[1:])
    differs = differs or (bool(known) and ABSENT in missing.values())
    unknown = UNRECORDED in missing.values()
    state: Literal["same", "differs", "unknown"] = (
        "differs" if differs else "unknown" if unknown else "same"
    )
    return Difference(key=key, values=values, missing=missing, state=state)


def differing(differences: Iterable[Difference]) -> list[Difference]:
    """Return those that differ."""
    return [one for one in differences if one.state == "differs"]


def same_value(left: Any, right: Any) -> bool:
    """Tell whether two plain values are one value.

    1 and 1.0 are; True and 1 are not; NaN is itself. Order counts in sequences, not in mappings.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or (left != left and right != right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_value(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        same_length = len(left) == len(right)
        return same_length and all(map(same_value, left, right))
    return type(left) is type(right) and left == right


def _prefixes(key: str) -> Iterable[str]:
    parts = key.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))
