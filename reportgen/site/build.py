"""Build the site: gather, render into a folder beside, swap.

The same input with the same versions gives the same bytes: nothing here reads a clock, and the
one moment that pages name is ``SOURCE_DATE_EPOCH`` or the end of the newest run.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reportgen import __version__
from reportgen.config import Settings, SiteSettings
from reportgen.fs.documents import dump_json
from reportgen.runs.problems import Problem
from reportgen.runs.view import RunView
from reportgen.site.assets import EARLY, VENDORED, Assets, collect_assets
from reportgen.site.charts import CHARTS
from reportgen.site.figures import moment
from reportgen.site.gather import Advance, Gathered, curves_of, gather, newest_moment
from reportgen.site.model import Record, Setting, metric_goal
from reportgen.site.output import MARKER, Staging, check_output, staged
from reportgen.site.pages import PAGES
from reportgen.site.pages.compare import run_file, runs_file
from reportgen.site.pages.interface import Plan
from reportgen.site.project import (
    Project,
    keys_of,
    records_from,
    settings_from,
    site_curve,
    site_metric,
    styled,
)
from reportgen.site.rendering import Renderer
from reportgen.site.shards import data_file
from reportgen.site.text import safe_url
from reportgen.site.theme import MODES, Theme, load_theme
from reportgen.site.tokens import chart_config

SITE_SCHEMA = "reportgen.site/1"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_SECTIONS = (
    ("overview", "Overview", "index.html"),
    ("runs", "Runs", "runs/index.html"),
    ("compare", "Compare", "compare/index.html"),
    ("audit", "Audit", "audit/index.html"),
)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was built.

    Attributes:
        runs: Runs with a page.
        pages: HTML files.
        bytes: Size of the site.
        reused: Files that were taken unchanged from the former site.
        seconds: How long it took.
        index: The file to open.
        problems: What could not be read, each with the folder it is about.
    """

    runs: int
    pages: int
    bytes: int
    reused: int
    seconds: float
    index: Path
    problems: tuple[tuple[str, Problem], ...]


def build_site(
    paths: Sequence[Path],
    output: Path,
    *,
    theme: str = "default",
    base_url: str | None = None,
    settings: Settings | None = None,
    repository: Path | None = None,
    gathered: Gathered | None = None,
    advance: Advance = lambda done, total: None,
) -> BuildResult:
    """Build the site of the runs at or below ``paths`` into ``output``.

    Args:
        paths: Run folders, or folders that hold some.
        output: Replaced as a whole; must be empty, a former site, or absent.
        theme: Name of a built-in theme, or a theme's folder.
        base_url: Where the site will stand, for the page of unknown addresses.
        settings: Title, links, goals, grouping and policy.
        repository: The repository that runs are judged against; found from them by default.
        gathered: Runs and audit that were read already.
        advance: Called with how many parts are done, and of how many: each run counts as audited,
            as read and as rendered.

    Raises:
        NotFoundError: No such path, no run, or no such theme.
        UsageError, UnsafePathError: The output folder is not safe to replace.
        BuildError: A template is broken or the disk refuses; the old site stands.
    """
    began = time.monotonic()
    settings = settings or Settings()
    loaded = load_theme(theme)

    def accept(views: Sequence[RunView]) -> None:
        check_output(output, [view.folder for view in views])

    if gathered is None:
        gathered = gather(
            paths,
            policy=settings.policy,
            repository=repository,
            accept=accept,
            advance=lambda done, total: advance(done, 3 * total),
        )
    else:
        accept(gathered.views)
    total = len(gathered.views)
    project = project_of(gathered, loaded, settings, lambda done: advance(total + done, 3 * total))
    with staged(output) as staging:
        pages = _write(
            project, staging, base_url, lambda done: advance(2 * total + done, 3 * total)
        )
    return BuildResult(
        runs=len(project.records),
        pages=pages,
        bytes=staging.bytes,
        reused=staging.reused,
        seconds=round(time.monotonic() - began, 3),
        index=output / "index.html",
        problems=_problems(gathered),
    )


def _problems(gathered: Gathered) -> tuple[tuple[str, Problem], ...]:
    whole = [(problem.file, problem) for problem in gathered.problems]
    audits = gathered.report.runs if gathered.report else ()
    inside = [(run.path, problem) for run in audits for problem in run.problems]
    return tuple((place, one) for place, one in (*whole, *inside) if one.severity == "error")


def project_of(
    gathered: Gathered,
    theme: Theme,
    settings: Settings,
    advance: Callable[[int], None] = lambda done: None,
) -> Project:
    """Return the subject of a site; pure but for ``advance``, called with the runs read so far."""
    plain = records_from(gathered.views, gathered.report, settings.goals)
    metric = site_metric([record for record in plain if not record.archived], settings.goals)

    def rank(records: Sequence[Record]) -> tuple[Setting, ...]:
        kept = [record for record in records if not record.archived]
        return settings_from(kept, metric, settings.group_by)

    records = styled(plain, rank(plain), theme)
    ranked = rank(records)
    shown = [record for record in records if not record.archived]
    varied, same = keys_of(ranked)
    curves, files = curves_of([r.slug for r in records], [r.view for r in records], advance)
    return Project(
        title=_title(settings, shown),
        links=settings.site.links,
        records=records,
        settings=ranked,
        metric=metric,
        goal=metric_goal(shown, metric),
        curve_metric=site_curve(shown, metric),
        varied=varied,
        same=same,
        report=gathered.report,
        problems=gathered.problems,
        curves=curves,
        files=files,
        theme=theme,
        newest=newest_moment(gathered.views),
    )


def _title(settings: Settings, records: Sequence[Record]) -> str:
    """Return the title of the settings, else the one project's name."""
    projects = {record.project for record in records if record.project}
    only = projects.pop() if len(projects) == 1 else None
    default = settings.site.title == SiteSettings().title
    return only if default and only else settings.site.title


def _write(
    project: Project, staging: Staging, base_url: str | None, advance: Callable[[int], None]
) -> int:
    assets = collect_assets(project.theme)
    for asset in assets.files.values():
        staging.put(asset.path, asset.data)
    charts = _write_data(project, staging)
    renderer = Renderer(project.theme, _shared(project, assets, charts, base_url))
    pages = 0
    for page in PAGES:
        for plan in page.plans(project):
            staging.put(plan.path, renderer.render(plan.template, _values(plan, assets)))
            for copy in plan.copies:
                staging.copy(copy.view.folder, copy.place, copy.path)
            pages += 1
            advance(min(pages, len(project.records)))
    staging.put(".nojekyll", b"")
    staging.put(MARKER, dump_json(_marker(project)))
    return pages


def _write_data(project: Project, staging: Staging) -> str:
    """Write every data file and the manifest; return the path of the chart specifications."""
    for files in project.files.values():
        for file in (files.coarse, files.full):
            if file is not None:
                staging.put(file.path, file.data)
    paths = {}
    for record in project.shown:
        described = run_file(project, record)
        paths[record.slug] = described.path
        staging.put(described.path, described.data)
    runs = runs_file(project, paths)
    staging.put(runs.path, runs.data)
    charts = data_file(
        "charts",
        {
            "specs": {chart.name: chart.spec() for chart in CHARTS},
            "config": {mode: chart_config(project.theme, mode) for mode in MODES},
            "series": {mode: list(project.theme.series[mode]) for mode in MODES},
            "neutral": {mode: project.theme.colours[mode]["edge"] for mode in MODES},
            "dashes": [list(pattern) for pattern in project.theme.dashes],
        },
    )
    staging.put(charts.path, charts.data)
    manifest = data_file("manifest", {"runs": runs.path})
    staging.put("data/manifest.js", manifest.data)
    return charts.path


def _shared(project: Project, assets: Assets, charts: str, base_url: str | None) -> dict[str, Any]:
    return {
        "csp": CONTENT_SECURITY_POLICY,
        "site_title": project.title,
        "site_id": site_id(project),
        "site_links": [
            (name, url, not urlsplit(url).scheme) for name, url in project.links.items()
        ],
        "sections": _SECTIONS,
        "early": [assets.path(f"{name}.js") for name in EARLY],
        "styles": [assets.path(name) for name in assets.styles],
        "vega": " ".join(assets.path(f"{name}.min.js") for name in VENDORED),
        "charts": charts,
        "as_of": moment(_as_of(project)),
        "version": __version__,
        "base_url": safe_url(base_url),
    }


def _values(plan: Plan, assets: Assets) -> Mapping[str, Any]:
    return {
        **plan.values,
        "root": "../" * plan.path.count("/"),
        "page_title": plan.title,
        "section": plan.section,
        "scripts": assets.scripts(plan.scripts),
    }


def site_id(project: Project) -> str:
    """Return eight digits that keep apart what several sites of one origin store in a browser."""
    first = project.records[0].view.id if project.records else ""
    data = f"{project.title}\n{first}".encode("utf-8", "replace")
    return hashlib.sha256(data).hexdigest()[:8]


def _as_of(project: Project) -> float | None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return float(epoch) if epoch.isdigit() else project.newest


def _marker(project: Project) -> dict[str, Any]:
    return {
        "schema": SITE_SCHEMA,
        "site": site_id(project),
        "writer": {"name": "reportgen", "version": __version__},
        "runs": len(project.records),
    }
