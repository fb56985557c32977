"""What differs between a recorded run and its replay, the likeliest cause of another result first.

The ranking is that of :mod:`reportgen.compare.ranking`; here it is reduced to what says something
of a replay: a program that was stopped early had not loaded everything yet, and the project's own
package has no version when it comes from the restored tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from reportgen.compare.comparison import compare_runs, facts_of
from reportgen.compare.differences import Difference
from reportgen.compare.ranking import WEIGHTS, Cause, computes
from reportgen.runs.view import RunView


class Divergence(Struct, frozen=True, kw_only=True):
    """One thing that was otherwise in the replay.

    Attributes:
        factor: ``code``, ``data``, ``config``, ``environment`` or ``seed``.
        key: Dotted, such as ``packages.torch``.
        recorded, replayed: Its values.
        weight: How much a difference of this kind can do, in the words of the ranking.
    """

    factor: str
    key: str
    recorded: Any
    replayed: Any
    weight: str

    @property
    def line(self) -> str:
        """One line for people."""
        return f"{self.factor}: {self.key} was {_short(self.recorded)}, now {_short(self.replayed)}"

    @property
    def tells(self) -> bool:
        """Whether it can change a result at all."""
        return self.weight != WEIGHTS[-1]


def differences_between(
    recorded: RunView, replayed: RunView, *, own: Iterable[str] = ()
) -> list[Divergence]:
    """Return what differs, ranked.

    Args:
        recorded: The run.
        replayed: Its replay.
        own: Distributions that come from the repository itself.
    """
    comparison = compare_runs([facts_of(recorded), facts_of(replayed)])
    ours = {f"packages.{name}" for name in own}
    found = [item for cause in comparison.causes for item in _of(cause, ours)]
    return sorted(found, key=lambda item: WEIGHTS.index(item.weight))


def _of(cause: Cause, ours: set[str]) -> Iterable[Divergence]:
    for position, item in enumerate(cause.differences):
        if item.missing or item.key in ours or _is_of_the_work_tree(item):
            continue
        telling = position < _telling(cause)
        yield Divergence(
            factor=cause.factor,
            key=item.key,
            recorded=item.values[0],
            replayed=item.values[1],
            weight=cause.weight if telling else WEIGHTS[-1],
        )


def _telling(cause: Cause) -> int:
    """Return how many of a cause's differences, which come weightiest first, have its weight."""
    if cause.factor != "environment":
        return len(cause.differences)
    return sum(1 for item in cause.differences if computes(item.key))


def _is_of_the_work_tree(item: Difference) -> bool:
    """A restored tree has no branch, and its packages lie elsewhere."""
    return item.key.split(".")[0] in ("branch", "describe", "tags", "remote", "editable")


def is_other_environment(differences: Sequence[Divergence]) -> bool:
    """Tell whether the environment is another in something that computes."""
    return any(item.factor == "environment" and item.tells for item in differences)


def _short(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
