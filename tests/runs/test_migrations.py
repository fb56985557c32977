from __future__ import annotations

from typing import Any

import pytest

from reportgen.errors import NewerVersionError, SchemaError
from reportgen.runs import migrations


@pytest.mark.parametrize("declared", ["reportgen.run/1", "reportgen.run/1.0", "reportgen.run/1.27"])
def test_the_present_major_version(declared: str) -> None:
    assert migrations.version_of({"schema": declared}) == migrations.CURRENT == 1


@pytest.mark.parametrize(
    "declared",
    [
        None,
        1,
        "1",
        "reportgen.run",
        "reportgen.run/",
        "reportgen.run/1x",
        "reportgen.audit/1",
        "reportgen.run/0",
        "reportgen.run/-1",
        "reportgen.run/1\n",
        "reportgen.run/" + "9" * 100,
    ],
)
def test_what_declares_no_version(declared: object) -> None:
    with pytest.raises(SchemaError):
        migrations.version_of({"schema": declared})


def test_a_newer_version_is_refused_with_the_way_out() -> None:
    with pytest.raises(NewerVersionError, match="reportgen-runs") as caught:
        migrations.version_of({"schema": "reportgen.run/2"}, where="a/run.yaml")
    assert caught.value.where == "a/run.yaml"
    assert caught.value.exit_status == 2


def test_steps_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(number: int) -> Any:
        return lambda documents: {**documents, "seen": [*documents.get("seen", []), number]}

    monkeypatch.setattr(migrations, "CURRENT", 3)
    monkeypatch.setattr(migrations, "MIGRATIONS", {1: step(1), 2: step(2)})
    assert migrations.migrate({}, 1) == {"seen": [1, 2]}
    assert migrations.migrate({}, 2) == {"seen": [2]}
    assert migrations.migrate({}, 3) == {}


def test_every_older_version_has_its_step() -> None:
    assert sorted(migrations.MIGRATIONS) == list(range(1, migrations.CURRENT))
