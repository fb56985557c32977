"""Step by step in a band: what counts as the same run, and where it stops being one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.reproduce.verdict import calibrate, judge

LOSS = [(step, 1 / (step + 1)) for step in range(30)]


def scaled(factor: float, since: int = 0) -> list[tuple[int, float]]:
    return [(step, value * factor if step >= since else value) for step, value in LOSS]


def test_equal_to_the_last_digit() -> None:
    found = judge({"loss": LOSS}, {"loss": LOSS})
    assert (found.word, found.largest, found.first_difference) == ("identical", 0.0, None)
    assert found.metrics() == {"loss": {"recorded": 1 / 30, "replayed": 1 / 30, "step": 29}}


def test_within_the_band() -> None:
    found = judge({"loss": LOSS}, {"loss": scaled(1 + 1e-6)})
    assert found.word == "within-band"
    assert found.largest == pytest.approx(1e-6, rel=1e-3)


def test_the_step_at_which_it_diverges() -> None:
    found = judge({"loss": LOSS}, {"loss": scaled(1.001, since=7)})
    assert found.word == "diverges"
    assert found.first_difference == {
        "series": "loss",
        "step": 7,
        "recorded": 1 / 8,
        "replayed": 1.001 / 8,
    }


def test_of_series_that_part_at_one_step_the_furthest_is_named() -> None:
    recorded = {"a": LOSS, "b": LOSS, "c": LOSS}
    replayed = {"a": scaled(1.001, 7), "b": scaled(1.5, 7), "c": scaled(2, 8)}
    first = judge(recorded, replayed).first_difference
    assert first is not None
    assert (first["series"], first["step"]) == ("b", 7)
    replayed["a"] = [point for point in LOSS if point[0] != 7]
    first = judge(recorded, replayed).first_difference
    assert first == {"series": "a", "step": 7, "recorded": 1 / 8, "replayed": None}


def test_only_steps_up_to_the_stop_count() -> None:
    assert judge({"loss": LOSS}, {"loss": scaled(2, since=20)}, stop=19).word == "identical"
    assert judge({"loss": LOSS}, {"loss": LOSS[:20]}, stop=19).word == "identical"
    assert judge({"loss": LOSS}, {"loss": LOSS[:19]}, stop=19).word == "diverges"
    assert judge({"loss": LOSS}, {"loss": LOSS[:20]}).word == "diverges"
    assert judge({"loss": LOSS[:20]}, {"loss": LOSS}).word == "diverges"


def test_a_series_that_is_gone_is_a_difference_and_a_new_one_is_not() -> None:
    two = {"loss": LOSS, "accuracy": LOSS}
    assert judge(two, {"loss": LOSS}).word == "diverges"
    found = judge({"loss": LOSS}, two)
    assert (found.word, found.extra) == ("identical", ("accuracy",))
    assert judge({"late": [(50, 1.0)], "loss": LOSS}, {"loss": LOSS}, stop=19).word == "identical"


def test_what_measures_the_machine_is_left_out() -> None:
    found = judge({"loss": LOSS, "train/seconds": LOSS}, {"loss": LOSS, "train/seconds": []})
    assert (found.word, found.left_out) == ("identical", ("train/seconds",))
    assert judge({"seconds": LOSS}, {"seconds": LOSS}).word == "cannot-run"


def test_not_a_number_is_itself_and_nothing_else() -> None:
    broken = [(0, 1.0), (1, math.nan), (2, math.inf)]
    assert judge({"loss": broken}, {"loss": broken}).word == "identical"
    assert judge({"loss": broken}, {"loss": [(0, 1.0), (1, 2.0), (2, math.inf)]}).first is not None
    first = judge({"loss": [(0, 1.0)]}, {"loss": [(0, math.nan)]}).first_difference
    assert first is not None
    assert first["replayed"] == "NaN"


def test_in_another_environment_a_difference_says_nothing_of_the_run() -> None:
    other = {"other_environment": True}
    assert judge({"loss": LOSS}, {"loss": scaled(2)}, **other).word == "other-environment"
    assert judge({"loss": LOSS}, {"loss": scaled(1 + 1e-7)}, **other).word == "within-band"
    assert judge({"loss": LOSS}, {"loss": LOSS}, **other).word == "identical"


def test_a_calibrated_band_is_what_two_replays_justify() -> None:
    found = calibrate({"loss": LOSS}, {"loss": scaled(1 + 1e-4)})
    assert found.largest == pytest.approx(1e-4, rel=1e-3)
    assert found.band(1e-5) == pytest.approx(4e-4, rel=1e-3)
    assert calibrate({"loss": LOSS}, {"loss": LOSS}).band(1e-5) == 1e-5
    assert calibrate({"loss": LOSS}, {"loss": LOSS[:4]}).faults == ("loss",)


@given(
    st.lists(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-6), min_size=1, max_size=30),
    st.floats(2e-5, 0.5),
    st.data(),
)
def test_any_value_that_is_moved_beyond_the_band_is_found(
    values: list[float], by: float, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    recorded = list(enumerate(values))
    replayed = [(step, v * (1 + by) if step == at else v) for step, v in recorded]
    first = judge({"x": recorded}, {"x": replayed}).first_difference
    assert first is not None
    assert first["step"] == at
