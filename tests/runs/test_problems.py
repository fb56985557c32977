from __future__ import annotations

import orjson

from reportgen.runs.problems import Problem


def test_a_problem_is_json_whatever_the_file_is_called() -> None:
    name = b"x\xff\n".decode("utf-8", "surrogateescape")
    problem = Problem("path.symlink", "error", name, f"points to {name!s}", 3)
    assert orjson.loads(orjson.dumps(problem.as_dict())) == {
        "id": "path.symlink",
        "severity": "error",
        "file": "x\\xff\n",
        "message": "points to x\\xff\n",
        "line": 3,
    }


def test_equal_problems_are_one() -> None:
    assert len({Problem("a.b", "info", "f", "m"), Problem("a.b", "info", "f", "m", None)}) == 1
