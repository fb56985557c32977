"""Keep figures: ``figures/<name>_step_<n>.png`` or ``.svg``, of bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.atomic import write_bytes
from reportgen.fs.paths import portable_component, slug
from reportgen.logger.context import RunContext, describe
from reportgen.logger.figure_formats import Encoded, encode_figure
from reportgen.logger.values import step_of
from reportgen.runs import layout


class FigureStore:
    """The figures of one run.

    A figure of the same name and step replaces the one before: a resumed run draws a step again.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self.folder = context.folder / layout.FIGURES
        self._context = context
        self._names: dict[str, str] = {}
        self._accepted: set[str] = set()

    def __len__(self) -> int:
        """How many figures are kept."""
        return len(self.paths())

    @property
    def total_bytes(self) -> int:
        """Size of the kept figures."""
        return sum(path.stat().st_size for path in self.paths())

    def paths(self) -> list[Path]:
        """Return the kept figures in order of their names."""
        try:
            return sorted(p for p in self.folder.iterdir() if p.suffix in (".png", ".svg"))
        except OSError:
            return []

    def log(self, name: str, figure: Any, step: int | None = None) -> Path | None:
        """Keep a figure.

        Args:
            name: As a person would call it; made a portable file name.
            figure: What :func:`reportgen.logger.figure_formats.encode_figure` takes.
            step: The training step it shows; None leaves it out of the file's name.

        Returns:
            The file, or None when the disk refused: that is warned of once and counted.

        Raises:
            UsageError: A bad argument or something that is no figure, the first time that
                ``name`` is logged; later ones are counted and warned of.
        """
        if not self._context.active:
            self._context.late("figures")
            return None
        with self._context.overhead("figures"):
            try:
                component = self._component(name)
                number = None if step is None else step_of(step)
                path = self._keep(component, encode_figure(figure), number)
                self._accepted.add(name)
                return path
            except OSError as error:
                self._context.fault("figures", error)
            except Exception as error:
                self._refused(name, error)
            return None

    def _keep(self, component: str, encoded: Encoded, step: int | None) -> Path:
        stem = component if step is None else f"{component}_step_{step}"
        path = self.folder / f"{stem}{encoded.suffix}"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, encoded.data)
        if encoded.scale < 1:
            what = f"resolution of a figure, {encoded.scale:.0%} of each side kept"
            self._context.leave_out(what, f"{layout.FIGURES}/{component}", "size")
        return path

    def _component(self, name: Any) -> str:
        if not isinstance(name, str) or not name.strip():
            raise UsageError(
                f"the name is {name!r:.80}",
                where="log_figure",
                expected='a text, as "confusion_matrix"',
            )
        component = portable_component(name)
        owner = self._names.setdefault(component, name)
        return component if owner == name else slug(name)

    def _refused(self, name: Any, error: Exception) -> None:
        if isinstance(name, str) and name in self._accepted:
            self._context.fault("figures", error)
            return
        if isinstance(error, ReportgenError):
            raise error
        raise UsageError(
            f"the figure {name!r:.80} cannot be drawn: {describe(error)}",
            where="log_figure",
            expected="a figure that its own library can save",
        ) from error
