"""The site's whole subject: all records, their settings in rank order, what varies among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reportgen.audit.report import AuditReport
from reportgen.fs.paths import slug
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Goal
from reportgen.runs.view import RunView
from reportgen.site.curve_store import CurveStore
from reportgen.site.figures import mean_and_spread
from reportgen.site.groups import canonical, common_name, setting_of, split_keys, timeless
from reportgen.site.model import Derived, Record, Setting, metric_goal, record_of, setting_from
from reportgen.site.shards import CurveFiles
from reportgen.site.theme import Theme
from reportgen.site.tokens import style_of


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier audit that the present one is set beside, and what its file is called."""

    report: AuditReport
    name: str


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that pages are made from.

    Attributes:
        title: Heading of the overview.
        links: Further addresses in the header.
        records: Every run, archived ones too, by start and id.
        settings: Seeds grouped, best first; archived runs are left out.
        metric: The metric that ranks, its goal, and the metric whose curve is shown.
        varied, same: Configuration keys that differ among settings, and those that do not.
        report: The audit.
        problems: Runs that could not be read.
        curves: Settled line of each run and metric, and where the browser finds it.
        theme: The theme.
        newest: The last moment that any run records, seconds since 1970.
        before: An earlier audit, None when the present one is set beside none.
    """

    title: str
    links: Mapping[str, str]
    records: tuple[Record, ...]
    settings: tuple[Setting, ...]
    metric: str | None
    goal: Goal | None
    curve_metric: str | None
    varied: tuple[str, ...]
    same: tuple[str, ...]
    report: AuditReport | None
    problems: tuple[Problem, ...]
    curves: CurveStore
    theme: Theme
    newest: float | None
    before: Before | None = None

    @property
    def files(self) -> Mapping[tuple[str, str], CurveFiles]:
        """Where the browser finds the line of each run and metric."""
        return self.curves.files

    def spark(self, record: Record) -> str:
        """Return a run's small curve of the site's curve metric; empty when it has none."""
        return self.curves.spark(record.slug, self.curve_metric)

    def alone(self, record: Record) -> Project:
        """Return the project as the page of one run may see it: it says nothing of other runs."""
        return replace(
            self,
            records=(record,),
            settings=(),
            varied=(),
            same=(),
            report=None,
            problems=(),
            curves=self.curves.alone(record.slug),
            newest=None,
            before=None,
        )

    @property
    def shown(self) -> list[Record]:
        """The runs that are not archived."""
        return [record for record in self.records if not record.archived]


def records_from(
    views: Sequence[RunView],
    report: AuditReport | None,
    goals: Mapping[str, Goal],
    derived: Sequence[Derived] = (),
) -> tuple[Record, ...]:
    """Return the records of runs in order of start, with their slugs.

    A later run changes no slug of an earlier one: a repeated name gets its id.

    Args:
        views: The runs.
        report: Their audit.
        goals: Directions of metrics, from the settings.
        derived: What is derived from each of ``views`` already.
    """
    known = dict(zip(map(id, views), derived, strict=False))
    ordered = sorted(views, key=lambda view: (view.run.created, view.id, str(view.folder)))
    slugs = _slugs(ordered)
    judged = {run.path: run for run in report.runs} if report else {}
    return tuple(
        record_of(
            view,
            slugs[place],
            judged=judged.get(view.folder.as_posix()),
            goals=goals,
            derived=known.get(id(view)),
        )
        for place, view in enumerate(ordered)
    )


def styled(
    records: Sequence[Record], settings: Sequence[Setting], theme: Theme
) -> tuple[Record, ...]:
    """Return the records with their labels, and with colours and dashes, the same on every page.

    The run that stands for a setting comes before all others, best setting first, so that the
    lines of the overview are the easiest to tell apart.
    """
    leading = [setting.best.slug for setting in settings]
    others = [record.slug for record in records if record.slug not in set(leading)]
    index = {slug: place for place, slug in enumerate([*leading, *others])}
    labels = timeless([record.name for record in records])
    return tuple(
        replace(record, style=style_of(index[record.slug], theme), label=label)
        for record, label in zip(records, labels, strict=True)
    )


def _slugs(views: Sequence[RunView]) -> list[str]:
    taken: set[str] = set()
    found = []
    for view in views:
        candidates = (view.name, f"{view.name} {view.id}", f"{view.name} {view.id} {view.folder}")
        chosen = next((s for s in map(slug, candidates) if s not in taken), None)
        extra = 2
        while chosen is None or chosen in taken:
            chosen = slug(f"{view.name} {view.id} {extra}")
            extra += 1
        taken.add(chosen)
        found.append(chosen)
    return found


def _setting_key(view: RunView, group_by: Sequence[str]) -> str:
    """Return what runs of one setting share; an unfinished run stands alone."""
    if group_by:
        config = view.flat_config
        values = [config.get(key.removeprefix("config.")) for key in group_by]
        return canonical([view.project, values])
    if view.state != "finished":
        return canonical([str(view.folder)])
    return canonical([view.project, view.group, setting_of(view.flat_config)])


def settings_from(
    records: Sequence[Record], metric: str | None, group_by: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """Return the settings of records, best first, those without a value last."""
    by_key: dict[str, list[Record]] = {}
    for record in records:
        by_key.setdefault(_setting_key(record.view, group_by), []).append(record)
    found = [
        setting_from(members, common_name([m.label for m in members]), metric)
        for members in by_key.values()
    ]
    names = Counter(setting.name for setting in found)
    found = [replace(s, qualifier=s.best.group or "") if names[s.name] > 1 else s for s in found]
    sign = 1 if metric_goal(records, metric) == "minimize" else -1

    def rank(setting: Setting) -> tuple[bool, float]:
        if not setting.values:
            return True, 0.0
        return False, sign * mean_and_spread(setting.values)[0]

    return tuple(sorted(found, key=rank))


def site_metric(records: Sequence[Record], goals: Mapping[str, Goal]) -> str | None:
    """Return the metric that ranks: the first of the settings' goals that a run has, else the
    headline metric of most runs.
    """
    for name in goals:
        if any(name in record.metrics for record in records):
            return name
    counts = Counter(record.headline for record in records if record.headline)
    return counts.most_common(1)[0][0] if counts else None


def site_curve(records: Sequence[Record], metric: str | None) -> str | None:
    """Return the metric whose curve the overview shows: the validation loss of most runs, else
    the training loss, else the ranking metric.
    """
    validation: Counter[str] = Counter()
    training: Counter[str] = Counter()
    for record in records:
        for name in record.metrics:
            if "loss" in name.lower():
                split = record.view.split(name)
                (validation if split == "val" else training)[name] += 1
    for counts in (validation, training):
        if counts:
            return counts.most_common(1)[0][0]
    return metric


def keys_of(settings: Sequence[Setting]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the configuration keys that vary among settings, and those that do not."""
    configs = [setting.best.config for setting in settings if setting.best.config]
    varied, same = split_keys(configs)
    return tuple(varied), tuple(same)
