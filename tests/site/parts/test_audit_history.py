from __future__ import annotations

from pathlib import Path

from site_parts import again, row

from reportgen.site.parts.audit_history import history_of


def test_dots_stand_by_date_and_score(tmp_path: Path) -> None:
    days = ("2026-01-05", "2026-01-01", "2026-01-03")
    rows = [
        row(tmp_path, day, created=f"{day}T00:00:00.000Z", low=low, passed=low > 50)
        for day, low in zip(days, (100, 0, 60), strict=True)
    ]
    history = history_of(rows)
    assert [dot.words.partition(":")[0] for dot in history.dots] == sorted(days)
    assert [dot.x for dot in history.dots] == [2, 50, 98]
    assert [dot.low for dot in history.dots] == [96, 40.8, 4]
    assert [dot.tone for dot in history.dots] == ["poor", "good", "good"]
    assert history.dates == ((2, "2026-01-01"), (50, "2026-01-03"), (98, "2026-01-05"))
    assert history.worth_drawing
    assert history.dots[0].words == "2026-01-01: 0 to 90, L1, fails the gate"


def test_runs_of_one_day_are_told_by_the_hour(tmp_path: Path) -> None:
    rows = [row(tmp_path, str(hour), created=f"2026-01-01T{hour:02}:30:00.000Z") for hour in (3, 9)]
    assert [text for _, text in history_of(rows).dates] == [
        "2026-01-01 03:30",
        "2026-01-01 06:30",
        "2026-01-01 09:30",
    ]


def test_one_moment_is_one_date_in_the_middle(tmp_path: Path) -> None:
    history = history_of([row(tmp_path, "a"), row(tmp_path, "b")])
    assert [dot.x for dot in history.dots] == [50, 50]
    assert len(history.dates) == 1


def test_no_date_and_one_run_are_nothing_to_draw(tmp_path: Path) -> None:
    undated = row(tmp_path, "a", created="some day")
    history = history_of([undated, row(tmp_path, "b")])
    assert (len(history.dots), history.left, history.worth_drawing) == (1, 1, False)
    assert history_of([]).dots == ()


def test_the_newest_five_hundred_are_drawn(tmp_path: Path) -> None:
    one = row(tmp_path, "a")
    history = history_of([again(one, number, low=50) for number in range(700)])
    assert (len(history.dots), history.left) == (500, 200)
