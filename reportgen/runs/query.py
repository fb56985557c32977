"""Conditions on runs, such as ``val/accuracy > 0.85 and tags.author == "j"``.

The grammar is that of Python's comparisons, read with :mod:`ast` and never executed: ``and``,
``or``, ``not``, ``== != < <= > >=`` (chained too), ``in``, ``not in``, parentheses; numbers,
text in quotes, ``True``, ``False``, ``None`` and lists of them.

A name is a column (:mod:`reportgen.runs.table`): ``state``, ``config.model.width``,
``metrics.val/accuracy``, or short without its first word where that is clear: a metric, else a
configuration key, else a tag. Dots and slashes belong to a name; one that holds anything else
(``val/top-5``, ``learning rate``, ``config.lambda``) stands in backticks.

A run that lacks the value meets no condition on it but ``!=``, ``not in`` and ``== None``; values
of two kinds (a number and text) are different and in no order.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from reportgen.errors import UsageError
from reportgen.runs.table import FIXED, SECTIONS
from reportgen.suggest import nearest

_LONGEST = 10_000
_DEEPEST = 50
_PIECES = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`([^`]*)`""", re.DOTALL)
_EXPECTED = 'a condition such as val/accuracy > 0.85 and tags.author == "j"'
_SHORT_FOR = ("metrics.", "config.", "tags.")
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_Test = Callable[[Mapping[str, Any]], Any]


class Query:
    """A condition, ready to be asked of rows.

    Args:
        text: The condition.
        columns: The names that the rows may have.

    Attributes:
        asked: The columns that it asks for.

    Raises:
        UsageError: Not a condition, or a name that no row has.
    """

    def __init__(self, text: str, columns: Collection[str]) -> None:
        self.text = text
        self.asked: set[str] = set()
        self._columns = columns
        self._quoted: list[str] = []
        try:
            self._test = self._compile(self._parsed(text), 0)
        except RecursionError:
            raise self._fault("is nested too deep") from None

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row meets the condition."""
        return bool(self._test(row))

    def _parsed(self, text: str) -> ast.expr:
        if len(text) > _LONGEST:
            raise self._fault(f"is longer than {_LONGEST} characters")
        plain = _PIECES.sub(self._stand_in, text).replace("\n", " ").strip()
        try:
            return ast.parse(plain, mode="eval").body
        except SyntaxError as error:
            raise self._fault(f"is no condition ({error.msg})") from None
        except (ValueError, MemoryError):
            raise self._fault("is no condition") from None

    def _stand_in(self, match: re.Match[str]) -> str:
        """Put a plain name where a quoted one stands; text in quotes stays."""
        if match[1] is None:
            return match[0]
        self._quoted.append(match[1])
        return f"_quoted_{len(self._quoted) - 1}_"

    # -- expressions ----------------------------------------------------------------------

    def _compile(self, node: ast.expr, depth: int) -> _Test:
        if depth > _DEEPEST:
            raise self._fault("is nested too deep")
        if isinstance(node, ast.BoolOp):
            tests = [self._compile(part, depth + 1) for part in node.values]
            every = all if isinstance(node.op, ast.And) else any
            return lambda row: every(test(row) for test in tests)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._compile(node.operand, depth + 1)
            return lambda row: not inner(row)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        return self._value(node)

    def _comparison(self, node: ast.Compare) -> _Test:
        values = [self._value(part) for part in (node.left, *node.comparators)]
        pairs = list(zip(node.ops, values, values[1:], strict=False))
        return lambda row: all(_compare(op, left(row), right(row)) for op, left, right in pairs)

    def _value(self, node: ast.expr) -> _Test:
        name = self._name(node)
        if name is not None:
            column = resolved(name, self._columns)
            self.asked.add(column)
            return lambda row: row.get(column)
        constant = self._constant(node)
        return lambda row: constant

    def _name(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            quoted = re.fullmatch(r"_quoted_(\d{1,4})_", node.id)
            if quoted and int(quoted[1]) < len(self._quoted):
                return self._quoted[int(quoted[1])]
            return node.id
        if isinstance(node, ast.Attribute):
            above = self._name(node.value)
            return None if above is None else f"{above}.{node.attr}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            above, below = self._name(node.left), self._name(node.right)
            return None if above is None or below is None else f"{above}/{below}"
        return None

    def _constant(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(
            node.value, str | int | float | bool | None
        ):
            return node.value
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return tuple(self._constant(part) for part in node.elts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self._constant(node.operand)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number
        shown = ast.unparse(node)[:60]
        raise self._fault(
            f"holds {shown!r}, which is neither a name nor a value",
            fix="A name with other characters than letters, digits, _ . / stands in `backticks`",
        )

    def _fault(self, what: str, fix: str | None = None) -> UsageError:
        shown = self.text if len(self.text) <= 80 else f"{self.text[:77]}..."
        return UsageError(f"{shown!r} {what}", expected=_EXPECTED, fix=fix)


def resolved(name: str, columns: Collection[str]) -> str:
    """Return the column that a name, short or whole, means.

    Raises:
        UsageError: None of ``columns``; the nearest ones are given.
    """
    for column in (name, *(f"{section}{name}" for section in _SHORT_FOR)):
        if column in columns:
            return column
    raise UsageError(f"no run has {name!r}", fix=nearest(name, _names(columns)))


def _names(columns: Iterable[str]) -> list[str]:
    """Return the columns as a person would type them."""
    short = [
        column.removeprefix(section)
        for section in SECTIONS
        for column in columns
        if column.startswith(section) and section == "metrics."
    ]
    return [*short, *columns] if short else [*columns] or [*FIXED]


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(op, ast.Eq | ast.Is):
        return _equal(left, right)
    if isinstance(op, ast.NotEq | ast.IsNot):
        return not _equal(left, right)
    if isinstance(op, ast.In | ast.NotIn):
        return _contains(right, left) == isinstance(op, ast.In)
    if _kind(left) != _kind(right) or _kind(left) not in ("number", "text"):
        return False
    return _ORDER[type(op)](left, right)


def _equal(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and bool(left == right)


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, tuple):
        return any(_equal(item, part) for part in container)
    return False


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__
