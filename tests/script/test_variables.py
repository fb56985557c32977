"""Which environment variables a replay sets."""

from __future__ import annotations

from reportgen.capture.environment import VARIABLES
from reportgen.runs.variables import NUMERIC_VARIABLES
from reportgen.script.variables import numeric_variables


def test_only_what_changes_numbers_and_was_looked_at() -> None:
    recorded = {"OMP_NUM_THREADS": "1", "MKL_CBWR": None, "PATH": "/evil", "LD_PRELOAD": "x"}
    assert numeric_variables(recorded) == {"OMP_NUM_THREADS": "1", "MKL_CBWR": None}


def test_numbers_are_text_and_odd_values_are_none() -> None:
    recorded = {"OMP_NUM_THREADS": 2, "MKL_CBWR": "a\nb", "XLA_FLAGS": "x" * 2000}
    assert numeric_variables(recorded) == {
        "OMP_NUM_THREADS": "2",
        "MKL_CBWR": None,
        "XLA_FLAGS": None,
    }


def test_nothing_recorded_is_nothing_known() -> None:
    assert numeric_variables(None) == {}


def test_whatever_is_recorded_is_set_again_or_belongs_to_the_machine() -> None:
    of_the_machine = {"CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING"}
    assert set(VARIABLES) - of_the_machine <= set(NUMERIC_VARIABLES)
