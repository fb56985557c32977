"""Templates to HTML: everything escaped, nothing undefined, faults named by file and line."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup

from reportgen.errors import BuildError
from reportgen.site.text import visible
from reportgen.site.theme import Theme


class Renderer:
    """Renders the templates of one theme.

    ``base.html`` means the nearest one in the theme's chain; ``default/base.html`` that of the
    theme of this name, so that a child may extend the template it replaces.

    Args:
        theme: The theme.
        shared: Values that every template may use.
    """

    def __init__(self, theme: Theme, shared: Mapping[str, Any]) -> None:
        folders = [folder / "templates" for folder in theme.folders]
        by_name = zip(theme.names, folders, strict=True)
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader(
                [
                    *(jinja2.FileSystemLoader(folder) for folder in folders),
                    jinja2.PrefixLoader(
                        {name: jinja2.FileSystemLoader(folder) for name, folder in by_name}
                    ),
                ]
            ),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_fit,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._environment.globals.update(shared)

    def render(self, template: str, values: Mapping[str, Any]) -> bytes:
        """Return a page as UTF-8.

        Raises:
            BuildError: The template is missing, broken, or asks for a value that no page gives.
        """
        try:
            text = self._environment.get_template(template).render(values)
        except jinja2.TemplateSyntaxError as error:
            where = f"{error.filename or error.name or template}:{error.lineno}"
            raise BuildError(str(error.message), where=where, expected="a Jinja template") from None
        except jinja2.TemplateNotFound as error:
            raise BuildError(
                f"there is no template {error.name!r}",
                where=template,
                fix="A theme that does not extend another one holds all templates itself.",
            ) from None
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise BuildError(str(error), where=_place(error, template)) from error
        return text.encode("utf-8")


def _fit(value: Any) -> Any:
    """Make text visible before it is escaped; what a template itself produced is left alone."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _place(error: Exception, template: str) -> str:
    """Return file and line of the innermost template that an error passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(".html")]
    return f"{inside[-1].filename}:{inside[-1].lineno}" if inside else template
