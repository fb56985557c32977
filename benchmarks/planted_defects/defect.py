"""One defect: what is planted, how it is covered up, and the check that is meant to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from planted_defects.lab import Base, Lab, Record

Plant = Callable[[Lab], None]

Cover = Literal["all", "seal", "nothing"]
"""What is made anew after planting: everything that follows from the record (summary, script,
seal and signature), the seal and the signature alone, or nothing at all."""


@dataclass(frozen=True)
class Defect:
    """A defect.

    Attributes:
        what: In words; no other defect has the same.
        check: Id of the check that is meant to catch it.
        plant: Changes a copy of a golden group.
        base: The golden group.
        cover: How carefully it is covered up.
        least: The mildest outcome that counts as caught.
        run: Which run of the group is judged.
        beyond: Why no check can be asked to see it; empty for one that should be seen.
    """

    what: str
    check: str
    plant: Plant
    base: Base = "plain"
    cover: Cover = "all"
    least: Literal["fail", "partial"] = "fail"
    run: int = 0
    beyond: str = ""

    @property
    def category(self) -> str:
        """The part of the check's id before the dot."""
        return self.check.partition(".")[0]


def lay(place: str, changes: Mapping[str, Any]) -> Plant:
    """Return a plant that replaces keys of a document."""
    return lambda lab: lab.lay(place, changes)


def put(place: str, content: bytes | str) -> Plant:
    """Return a plant that writes a file of the run."""
    return lambda lab: lab.put(place, content)


def drop(*places: str) -> Plant:
    """Return a plant that removes files of the run."""

    def plant(lab: Lab) -> None:
        for place in places:
            (lab.run / place).unlink()

    return plant


def swap(place: str, old: str, new: str) -> Plant:
    """Return a plant that replaces a text of a file of the run."""
    return lambda lab: lab.replace(place, old, new)


def swap_in_repository(path: str, old: str, new: str) -> Plant:
    """Return a plant that replaces a text of a file of the repository."""

    def plant(lab: Lab) -> None:
        file = lab.repository / path
        text = file.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{path} does not hold {old!r}")
        file.write_text(text.replace(old, new), encoding="utf-8")

    return plant


def relog(change: Callable[[list[Record]], list[Record]]) -> Plant:
    """Return a plant that changes the records of metrics.jsonl."""
    return lambda lab: lab.log(change(lab.records()))


def revalue(name: str, change: Callable[[int, float], Any]) -> Plant:
    """Return a plant that changes the values of one metric by step and value."""

    def changed(records: list[Record]) -> list[Record]:
        for one in records:
            if name in one["metrics"]:
                one["metrics"][name] = change(one["step"], one["metrics"][name])
        return records

    return relog(changed)


def rename(**names: str | None) -> Plant:
    """Return a plant that renames metrics, ``__`` standing for a slash; None drops one."""
    new = {old.replace("__", "/"): name and name.replace("__", "/") for old, name in names.items()}

    def changed(records: list[Record]) -> list[Record]:
        for one in records:
            kept = ((new.get(name, name), value) for name, value in one["metrics"].items())
            one["metrics"] = {name: value for name, value in kept if name is not None}
        return [one for one in records if one["metrics"]]

    return relog(changed)


def several(*plants: Plant) -> Plant:
    """Return a plant that does one after another."""

    def plant(lab: Lab) -> None:
        for one in plants:
            one(lab)

    return plant


def flip(place: str) -> Plant:
    """Return a plant that changes one byte in the middle of a file."""

    def plant(lab: Lab) -> None:
        data = bytearray((lab.run / place).read_bytes())
        data[len(data) // 2] ^= 1
        lab.put(place, bytes(data))

    return plant
