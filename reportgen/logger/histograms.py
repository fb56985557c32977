"""Keep distributions over the steps of a run: ``histograms.jsonl``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson

from reportgen.errors import UsageError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.binning import histogram_of
from reportgen.logger.context import RunContext
from reportgen.logger.line_file import LineFile
from reportgen.logger.values import step_of
from reportgen.runs import layout
from reportgen.runs.histogram_log import MAX_BINS

BINS: Final = 64
_WHERE: Final = "log_histogram"


class HistogramStore:
    """The distributions of one run.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._file = LineFile(context, layout.HISTOGRAMS)
        self._accepted: set[str] = set()

    def log(self, name: str, values: Any, step: int, bins: int = BINS) -> bool:
        """Keep the distribution of ``values`` at a step.

        Args:
            name: What it is ("activations/relu1").
            values: A tensor on any device, an array or a list of real numbers, of any shape;
                values that are not finite are counted apart.
            step: The training step.
            bins: Bins of equal width from the least to the greatest value, 1 to 4096.

        Returns:
            Whether it was kept; False when the disk refused, which is warned of once.

        Raises:
            UsageError: A bad argument, the first time that ``name`` is logged; later ones are
                counted and warned of.
        """
        if not self._context.active:
            self._context.late("histograms")
            return False
        with self._context.overhead("histograms"):
            try:
                _check(name, bins)
                found = histogram_of(values, bins)
                number = step_of(step)
            except Exception as error:
                self._refused(name, error)
                return False
            self._accepted.add(name)
            return self.keep({name: found}, number)

    def keep(self, histograms: Mapping[str, Mapping[str, Any]], step: int) -> bool:
        """Append histograms as :func:`reportgen.logger.binning.histogram_of` makes them.

        They stand in one record, or in several where a reader would refuse its length.
        """
        record = {"step": step, "time": time.time(), "histograms": histograms}
        try:
            line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        except Exception as error:
            self._context.fault(layout.HISTOGRAMS, error)
            return False
        if len(line) <= DEFAULT_LIMITS.line_bytes or len(histograms) < 2:
            return self._file.append_line(line)
        items = list(histograms.items())
        half = len(items) // 2
        first = self.keep(dict(items[:half]), step)
        return self.keep(dict(items[half:]), step) and first

    def close(self) -> None:
        """Take nothing from here on."""
        self._file.close()

    def _refused(self, name: Any, error: Exception) -> None:
        known = isinstance(name, str) and name in self._accepted
        if isinstance(error, UsageError) and not known:
            raise error
        self._context.fault(layout.HISTOGRAMS, error)


def _check(name: Any, bins: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(
            f"the name is {name!r:.60}", where=_WHERE, expected='a text such as "weights/fc1"'
        )
    if len(name) > DEFAULT_LIMITS.name_characters:
        raise UsageError(
            f"the name has {len(name)} characters",
            where=_WHERE,
            expected=f"at most {DEFAULT_LIMITS.name_characters}",
        )
    if type(bins) is not int or not 1 <= bins <= MAX_BINS:
        raise UsageError(
            f"bins is {bins!r:.40}", where=_WHERE, expected=f"a whole number from 1 to {MAX_BINS}"
        )
