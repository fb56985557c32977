"""What kind of run it is, by rules over the record: which checks do not apply, and why."""

from __future__ import annotations

from reportgen.runs import layout
from reportgen.runs.schema import Modules, OptimizerState
from reportgen.runs.view import RunView

GRADIENT_PACKAGES = ("torch", "tensorflow", "jax", "keras")
GRADIENT_KEYS = frozenset({"lr", "learning_rate", "optimizer"})


def no_gradient_training(view: RunView) -> str | None:
    """Return why nothing was trained by gradients, or None when something was or may have been.

    The rule: kind evaluation or other; or none of torch, tensorflow, jax, keras among the
    packages and no configuration key lr, learning_rate or optimizer. An optimizer that was seen
    to step has trained something, whatever the kind.
    """
    ran = view.captured(layout.OPTIMIZER, OptimizerState)
    if ran is not None and ran.class_ and ran.groups:
        return None
    if view.run.kind in ("evaluation", "other"):
        return f"a run of kind {view.run.kind} trains nothing"
    packages = view.environment.packages if view.environment else None
    if not packages:
        return None
    if any(package.lower() in GRADIENT_PACKAGES for package in packages):
        return None
    names = {part.lower() for key in view.flat_config for part in key.split(".")}
    if names & GRADIENT_KEYS:
        return None
    return (
        f"no gradient training: none of {', '.join(GRADIENT_PACKAGES)} among the packages, "
        f"no configuration key {', '.join(sorted(GRADIENT_KEYS))}"
    )


def no_model(view: RunView) -> str | None:
    """Return why the run makes no model to keep, or None when it makes one."""
    if view.run.kind in ("evaluation", "other"):
        return f"a run of kind {view.run.kind} makes no model"
    return None


def packaged(view: RunView) -> str | None:
    """Return why the code has no commit of its own: it ran from a package known by a digest.

    A run that loaded files of a repository as well ran code of that repository.
    """
    package = view.git.packaged if view.git else None
    if package is None or not package.record_sha256 or len(package.record_sha256) != 64:
        return None
    modules = view.captured(layout.MODULES, Modules)
    if modules is not None and modules.local:
        return None
    return f"the code ran from the package {package.distribution} {package.version or ''}".rstrip()


def is_unended(view: RunView) -> bool:
    """Tell whether a run of the standard has no end: still written, or its writer is gone."""
    return view.format == "standard" and view.run.ended is None and view.run.status == "running"
