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
from reportgen.site.curve_store import CurveStore
from reportgen.site.feed import feed, sitemap
from reportgen.site.figures import moment
from reportgen.site.fingerprint import of_program
from reportgen.site.gather import Advance, Gathered, gather, newest_moment
from reportgen.site.memory import Memory, cache_folder, digest_of
from reportgen.site.model import Record, Setting, metric_goal
from reportgen.site.output import MARKER, Output, Staging, check_output, staged
from reportgen.site.pages import PAGES
from reportgen.site.pages.compare import run_file, runs_file
from reportgen.site.pages.interface import Page, Plan
from reportgen.site.pages.run import Run
from reportgen.site.project import (
    Before,
    Project,
    keys_of,
    records_from,
    settings_from,
    site_curve,
    site_metric,
    styled,
)
from reportgen.site.rendering import Renderer
from reportgen.site.shards import data_file, data_file_of
from reportgen.site.shelf import Shelf
from reportgen.site.text import safe_url, script_json
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
    ("groups", "Groups", "groups/index.html"),
    ("compare", "Compare", "compare/index.html"),
    ("audit", "Audit", "audit/index.html"),
    ("reports", "Reports", "reports/index.html"),
    ("models", "Models", "models/index.html"),
    ("search", "Search", "search/index.html"),
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
    before: Before | None = None,
    incremental: bool = True,
    live: bool = False,
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
        before: An earlier audit, which the pages of the audit set the present one beside.
        incremental: Use again what an earlier build derived from runs that did not change since.
        live: Let pages load themselves again when the site is built anew, for a server.
        advance: Called with how many parts are done, and of how many: each run counts as audited
            and as rendered.

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

    memory = None
    if gathered is None:
        world = digest_of([of_program(loaded.folders), settings, base_url or "", live])
        memory = Memory(cache_folder(output) if incremental else None, world, output)
        gathered = gather(
            paths,
            policy=settings.policy,
            goals=settings.goals,
            repository=repository,
            accept=accept,
            advance=lambda done, total: advance(done, 2 * total),
            memory=memory,
        )
    else:
        accept(gathered.views)
    total = len(gathered.views)
    project = project_of(gathered, loaded, settings, before)
    with staged(output) as staging:
        site = _Site(project, staging, memory, base_url, live=live)
        pages = site.write(lambda done: advance(total + done, 2 * total))
    site.shelf.remember(project, gathered.audits)
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
    gathered: Gathered, theme: Theme, settings: Settings, before: Before | None = None
) -> Project:
    """Return the subject of a site."""
    plain = records_from(gathered.views, gathered.report, settings.goals, gathered.derived)
    metric = site_metric([record for record in plain if not record.archived], settings.goals)

    def rank(records: Sequence[Record]) -> tuple[Setting, ...]:
        kept = [record for record in records if not record.archived]
        return settings_from(kept, metric, settings.group_by)

    records = styled(plain, rank(plain), theme)
    ranked = rank(records)
    shown = [record for record in records if not record.archived]
    varied, same = keys_of(ranked)
    views = {record.slug: record.view for record in records}
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
        curves=CurveStore(views, {record.slug: record.derived.drawn for record in records}),
        theme=theme,
        newest=newest_moment(gathered.views),
        before=before,
    )


def _title(settings: Settings, records: Sequence[Record]) -> str:
    """Return the title of the settings, else the one project's name."""
    projects = {record.project for record in records if record.project}
    only = projects.pop() if len(projects) == 1 else None
    default = settings.site.title == SiteSettings().title
    return only if default and only else settings.site.title


class _Site:
    """One site being written.

    Args:
        project: Its subject.
        staging: Where it is written.
        memory: What the last build kept.
        base_url: Where it will stand.
        live: As in :func:`build_site`.
    """

    def __init__(
        self,
        project: Project,
        staging: Staging,
        memory: Memory | None,
        base_url: str | None,
        *,
        live: bool = False,
    ) -> None:
        self._project = project
        self._staging = staging
        self._live = live
        address = safe_url(base_url)
        self._base_url = f"{address.rstrip('/')}/" if address else None
        self._assets = collect_assets(project.theme)
        text = memory.remembered("charts", self._charts) if memory else self._charts()
        charts = data_file_of("charts", text)
        staging.put(charts.path, charts.data)
        for asset in self._assets.files.values():
            staging.put(asset.path, asset.data)
        shared = _shared(project, self._assets, charts.path, base_url)
        shared["live"] = self._assets.path("live.js") if live else ""
        as_of = f"Runs up to {moment(_as_of(project))} UTC."
        self._renderer = Renderer(project.theme, {**shared, "as_of": as_of})
        used = [asset.path for asset in self._assets.files.values()]
        self.shelf = Shelf(staging, memory, digest_of([shared, used]))

    def _charts(self) -> bytes:
        return _charts_json(self._project.theme)

    def page(self, page: Page) -> list[Output]:
        """Write the files of one kind of page."""
        return [output for plan in page.plans(self._project) for output in self._render(plan)]

    def write(self, advance: Callable[[int], None]) -> int:
        """Write everything; return the number of pages."""
        paths = {}
        for done, record in enumerate(self._project.records, 1):
            path = self._run(record)
            if not record.archived:
                paths[record.slug] = path
            advance(done)
        pages = len(self._project.records)
        for page in PAGES:
            if not isinstance(page, Run):
                for plan in page.plans(self._project):
                    self._render(plan)
                    pages += 1
        runs = runs_file(self._project, paths)
        self._staging.put(runs.path, runs.data)
        described: dict[str, Any] = {"runs": runs.path}
        if self._live:
            described["pages"] = self._staging.states(".html")
        manifest = data_file("manifest", described)
        self._staging.put("data/manifest.js", manifest.data)
        self._staging.put("feed.xml", feed(self._project, site_id(self._project), self._base_url))
        if self._base_url:
            names = self._staging.states(".html")
            self._staging.put("sitemap.xml", sitemap(self._base_url, names))
        self._staging.put(".nojekyll", b"")
        self._staging.put(MARKER, dump_json(_marker(self._project)))
        return pages

    def _run(self, record: Record) -> str:
        """Write the page of a run and its data; return where the data is."""
        project, shelf = self._project.alone(record), self.shelf
        if not shelf.take_curves(self._project, record):
            data = self._project.curves.data(record.slug)
            shelf.put_curves(record, [self._staging.put(one.path, one.data) for one in data])
            self._project.spark(record)
        path = shelf.take_page(self._project, record)
        if path is None:
            # Of its own moment: else a run that ends would change the pages of all others.
            as_of = f"This run up to {moment(newest_moment([record.view]))} UTC."
            outputs = self._render(Run().plan(project, record), as_of=as_of)
            document = run_file(project, record)
            path = document.path
            outputs.append(self._staging.put(path, document.data))
            shelf.put_page(self._project, record, outputs, path)
        self._project.curves.leave(record.slug)
        return path

    def _render(self, plan: Plan, **more: str) -> list[Output]:
        values = {**_values(plan, self._assets), **more}
        page = self._renderer.render(plan.template, values)
        outputs = [self._staging.put(plan.path, page)]
        outputs += [self._staging.put(file.path, file.data) for file in plan.data]
        for copy in plan.copies:
            done = self._staging.copy(copy.view.folder, copy.place, copy.path)
            outputs += [done] if done else []
        return outputs


def build_page(project: Project, page: Page, output: Path) -> Path:
    """Write one kind of page of a project with all that it loads; return its first file.

    For measuring and trying a page without the others.
    """
    staging = Staging(output, None)
    return output / _Site(project, staging, None, None).page(page)[0].path


def _charts_json(theme: Theme) -> bytes:
    # Loaded here: altair costs half a second, and an unchanged program has its specifications.
    from reportgen.site.charts import CHARTS

    return script_json(
        {
            "specs": {chart.name: chart.spec() for chart in CHARTS},
            "config": {mode: chart_config(theme, mode) for mode in MODES},
            "series": {mode: list(theme.series[mode]) for mode in MODES},
            "neutral": {mode: theme.colours[mode]["edge"] for mode in MODES},
            "dashes": [list(pattern) for pattern in theme.dashes],
        }
    ).encode("ascii")


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
        "version": __version__,
        "base_url": safe_url(base_url),
    }


def _values(plan: Plan, assets: Assets) -> Mapping[str, Any]:
    return {
        **plan.values,
        "root": "../" * plan.path.count("/"),
        "page_path": plan.path,
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
