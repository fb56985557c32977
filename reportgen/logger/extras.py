"""The parts of a run that only some trainings use: asked for, or by the way.

Histograms, tables, the watches of models, system metrics and mirrors; ``Session`` holds one set
of them beside the parts that every run has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.errors import ReportgenError, UsageError
from reportgen.logger.alert_rules import AlertRule
from reportgen.logger.alert_sinks import AlertSink, rules_and_sinks
from reportgen.logger.context import RunContext, describe
from reportgen.logger.histograms import HistogramStore
from reportgen.logger.interface import Sink
from reportgen.logger.mirrors import check_mirror, open_mirror
from reportgen.logger.system import SystemSampler, checked_period
from reportgen.logger.tables import TableStore
from reportgen.logger.values import type_name
from reportgen.logger.watch import ModelWatch, Steps, check_watch


@dataclass(frozen=True, slots=True)
class ExtraOptions:
    """What ``start_run`` was asked for of these parts.

    Attributes:
        rules: Alert rules besides the default ones.
        alert_sinks: Where alerts go besides the log.
        mirrors: The tools that are told what is logged, by name.
        system_every: Seconds between samples of the system; None for none.
    """

    rules: tuple[AlertRule, ...] = ()
    alert_sinks: tuple[AlertSink, ...] = ()
    mirrors: tuple[str, ...] = ()
    system_every: float | None = None


def check_extras(alerts: Any, mirror: Any, system_every: Any) -> ExtraOptions:
    """Return the arguments, checked.

    Raises:
        UsageError: One of them is wrong.
    """
    rules, sinks = rules_and_sinks(alerts)
    names = [mirror] if isinstance(mirror, str) else mirror
    if not isinstance(names, Iterable):
        raise UsageError(
            f"is of type {type_name(mirror)}",
            where="start_run(mirror=)",
            expected='a list of names, such as ["tensorboard"]',
        )
    mirrors = tuple(dict.fromkeys(check_mirror(name) for name in names))
    return ExtraOptions(tuple(rules), tuple(sinks), mirrors, checked_period(system_every))


class Extras:
    """These parts of one run.

    Args:
        context: The run.
        options: What was asked for.
    """

    def __init__(self, context: RunContext, options: ExtraOptions) -> None:
        self._context = context
        self._options = options
        self.histograms = HistogramStore(context)
        self.tables = TableStore(context)
        self._watches: dict[str, ModelWatch] = {}
        every = options.system_every
        self._system = SystemSampler(context, every) if every is not None else None

    def start(self, config: Mapping[str, Any]) -> list[Sink]:
        """Begin to sample the system; return the mirrors that could be opened.

        Args:
            config: The recorded configuration, for the mirrors.
        """
        if self._system is not None:
            self._system.start()
        found = (self._mirror(name, config) for name in self._options.mirrors)
        return [sink for sink in found if sink is not None]

    def _mirror(self, name: str, config: Mapping[str, Any]) -> Sink | None:
        run = self._context.run
        try:
            return open_mirror(
                name,
                self._context.folder,
                project=run.project or "default",
                name=run.name,
                config=config,
            )
        except Exception as error:
            fix = f" {error.fix}" if isinstance(error, ReportgenError) and error.fix else ""
            self._context.warn(
                f"mirror {name}: {describe(error)}, so this run goes on without it.{fix}"
            )
            return None

    def watch(
        self,
        model: Any,
        optimizer: Any,
        *,
        every: int,
        histograms: bool,
        prefix: str,
        steps: Steps,
        log: Callable[[dict[str, Any], int], object],
    ) -> None:
        """Watch a model; as :class:`reportgen.logger.watch.ModelWatch`.

        Raises:
            UsageError: As :func:`reportgen.logger.watch.check_watch`.
        """
        check_watch(model, optimizer, every, prefix, self._watches)
        if not self._context.active:
            self._context.late("watches")
            return
        watch = ModelWatch(
            self._context,
            steps,
            log,
            self.histograms if histograms else None,
            model=model,
            optimizer=optimizer,
            every=every,
            prefix=prefix,
        )
        self._watches[prefix] = watch
        watch.start()

    def stop_watching(self) -> None:
        """Record what the watches measured last, before the metrics end."""
        for watch in self._watches.values():
            watch.stop()

    def stop(self) -> None:
        """Take the last sample of the system, and nothing from here on."""
        if self._system is not None:
            self._system.stop()
        self.histograms.close()
