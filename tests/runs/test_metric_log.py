from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.fs.limits import Limits
from reportgen.runs.metric_log import MetricLog, read_metric_log

NAMES = st.sampled_from(["train/loss", "val/accuracy", "train/lr", "", "__proto__", "é", 'a":b'])
VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from(["NaN", "Infinity", "-Infinity"])
)
METRICS = st.fixed_dictionaries(
    {
        "step": st.integers(0, 2**63 - 1),
        "time": st.floats(0, 4e9),
        "metrics": st.dictionaries(NAMES, VALUES, max_size=4),
    }
)
RESUME = st.fixed_dictionaries({"event": st.just("resume"), "step": st.integers(0, 9)})
RECORDS = st.lists(st.one_of(METRICS, METRICS, METRICS, RESUME), max_size=30)


def to_bytes(records: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def read(data: bytes, **limits: int) -> MetricLog:
    return read_metric_log(data, name="metrics.jsonl", limits=Limits(**limits))


def lines(*texts: str | bytes) -> MetricLog:
    data = b"".join((t.encode() if isinstance(t, str) else t) + b"\n" for t in texts)
    return read(data)


def record(step: object, **metrics: object) -> str:
    return json.dumps({"step": step, "time": 1.7e9, "metrics": metrics})


def found(log: MetricLog) -> list[tuple[str, int | None]]:
    return [(problem.id, problem.line) for problem in log.problems]


def content(log: MetricLog) -> dict[str, list[tuple[int, float]]]:
    return {name: list(zip(s.steps, s.values, strict=True)) for name, s in log.series.items()}


def same(one: MetricLog, other: MetricLog) -> bool:
    return (
        repr(content(one)) == repr(content(other))
        and [s.exact for s in one.series.values()] == [s.exact for s in other.series.values()]
        and one.columns.steps == other.columns.steps
        and repr(one.columns.times) == repr(other.columns.times)
        and one.columns.attempts == other.columns.attempts
        and one.events == other.events
        and one.torn == other.torn
    )


# -- what was written comes back -----------------------------------------------------------


@given(RECORDS)
@example([{"step": n, "time": 1.0, "metrics": {"a": n, "b": 0.5}} for n in range(9)])
@example([{"step": n, "time": 1.0, "metrics": {"a": 0.5, "ab"[n % 2]: n}} for n in range(9)])
def test_every_value_comes_back_in_order(records: list[dict[str, Any]]) -> None:
    log = read(to_bytes(records))
    expected: dict[str, list[tuple[int, float, int]]] = {}
    steps, attempt = [], 1
    for entry in records:
        if "event" in entry:
            attempt += 1
            continue
        steps.append(entry["step"])
        for name, value in entry["metrics"].items():
            expected.setdefault(name, []).append((entry["step"], float(value), attempt))
    assert list(log.columns.steps) == steps
    assert log.records == len(steps)
    assert {
        name: list(zip(s.steps, map(repr, s.values), s.attempts, strict=True))
        for name, s in log.series.items()
    } == {name: [(s, repr(v), a) for s, v, a in rows] for name, rows in expected.items()}
    assert list(log.series) == list(expected)
    assert not [problem for problem in log.problems if problem.severity == "error"]


@given(RECORDS, st.integers(1, 300))
def test_pieces_of_any_size_read_alike(records: list[dict[str, Any]], size: int) -> None:
    data = to_bytes(records)[:-1] + b'\n{"step": 3, "metr'
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    whole = read(data)
    parts = read_metric_log(pieces, name="metrics.jsonl")
    assert same(whole, parts)
    assert whole.problems == parts.problems


@given(RECORDS)
def test_whole_blocks_read_as_single_lines_do(records: list[dict[str, Any]]) -> None:
    data = to_bytes(records)
    one_by_one = read(data.replace(b"\n", b"\n\n"))  # an empty line keeps a block from the fast way
    assert same(read(data), one_by_one)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_traceback(data: bytes) -> None:
    read(data)


BITS = st.lists(
    st.sampled_from(
        [
            *('{"step":1,"time":1.0,"metrics":{"a":1.0}}', '{"step":2,"metrics":{"a":', "}}", "{"),
            *("\n", "\0", "\r", '"', ",", "[", "]", "1e999", "NaN", "null", "true", "é", "\u2028"),
            *('{"event":"resume"}', '{"event":7}', "\ufeff", '"\\ud800"', "9" * 400, ":", " "),
        ]
    ),
    max_size=30,
).map("".join)


@given(BITS)
@example('{"step":1,"metrics":{"a' + '\nb":1.0}}\n{"event":"resume"},{"event":"x"}')
def test_anything_like_a_log_is_read_without_a_traceback(text: str) -> None:
    log = read(text.encode())
    orjson.dumps([problem.as_dict() for problem in log.problems])
    assert all(len(s.values) == len(s.records) for s in log.series.values())


GOOD = to_bytes(
    [
        {"step": 7, "time": 1.7e9, "metrics": {"train/loss": 0.5, "é": "NaN"}},
        {"step": 71, "time": 1.7e9, "metrics": {"train/loss": 0.25}},
        {"event": "resume", "step": 72, "time": 1.7e9, "attempt": 2},
        {"step": 721, "time": 1.7e9, "metrics": {"train/loss": 7, "val/acc": 0.75}},
    ]
)


def test_truncation_at_every_byte_is_a_prefix_and_at_most_one_finding() -> None:
    ends = [at for at, byte in enumerate(GOOD) if byte == ord("\n")]
    whole = read(GOOD)
    for end in range(len(GOOD) + 1):
        log = read(GOOD[:end])
        complete = sum(at <= end for at in ends)  # a last line without its newline is whole too
        assert log.records + len(log.events) == complete
        for name, points in content(log).items():
            assert repr(points) == repr(content(whole)[name][: len(points)])
        torn = end not in {0, *ends, *(at + 1 for at in ends)}
        assert log.torn == torn
        assert found(log) == ([("log.torn_tail", complete + 1)] if torn else [])
        assert all(problem.severity == "info" for problem in log.problems)


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_flip_of_every_byte_costs_its_line_at_most(mask: int) -> None:
    step_of_line = [7, 71, None, 721]
    for at, byte in enumerate(GOOD):
        flipped = bytearray(GOOD)
        flipped[at] ^= mask
        log = read(bytes(flipped))
        assert len(log.problems) <= 6
        if ord("\n") not in (byte, flipped[at]):
            touched = step_of_line[GOOD[:at].count(b"\n")]
            others = [step for step in (7, 71, 721) if step != touched]
            assert [step for step in log.columns.steps if step in others] == others


# -- damage --------------------------------------------------------------------------------


def test_a_torn_line_glued_to_the_next_is_one_finding_with_its_number() -> None:
    torn = '{"step": 50, "metrics": {"i": 5' + record(51, i=51)
    log = lines(record(49, i=49), torn, record(52, i=52))
    assert found(log) == [("log.bad_line", 2)]
    assert content(log) == {"i": [(49, 49.0), (52, 52.0)]}


def test_the_torn_tail_of_an_earlier_attempt_is_no_damage() -> None:
    tail = '{"step": 2, "time": 1.0, "metr'
    log = lines(record(1, a=0.5), tail, '{"event": "resume", "step": 2}', record(2, a=0.25))
    assert found(log) == [("log.torn_tail", 2)]
    assert not log.torn
    damage = lines(record(1, a=0.5), tail, record(2, a=0.25))
    assert found(damage) == [("log.bad_line", 2)]
    assert found(lines(record(1, a=0.5), tail)) == [("log.bad_line", 2)]


def test_a_name_cut_by_a_newline_joins_nothing() -> None:
    two = record(1, b=0.5) + "," + record(2, b=0.5)
    log = lines(record(0, a=0.5), '{"step": 1, "metrics": {"a', 'b": 0.25}}', two)
    assert content(log) == {"a": [(0, 0.5)]}
    assert found(log) == [("log.bad_line", 2), ("log.bad_line", 3), ("log.bad_line", 4)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("[" * 200_000, "log.bad_line"),
        ("[" * 1_020 + "]" * 1_020, "log.bad_line"),
        ("[]", "log.bad_line"),
        ("7", "log.bad_line"),
        ("not json", "log.bad_line"),
        ('{"step": 1}', "log.bad_line"),
        ('{"step": 1, "metrics": []}', "log.bad_line"),
        ('{"event": 7}', "log.bad_line"),
        ("1e999", "log.bad_line"),
        (b"\xe9" + record(1, a=1).encode(), "log.bad_bytes"),
        ('{"step": 1, "metrics": {"caf\xe9": 1}}'.encode("latin-1"), "log.bad_bytes"),
    ],
)
def test_a_line_that_is_no_record_is_one_finding(line: str | bytes, kind: str) -> None:
    log = lines(record(0, a=0.5), line, record(2, a=0.25))
    assert (kind, 2) in found(log)
    assert log.problems[-1].severity == "error"
    assert content(log) == {"a": [(0, 0.5), (2, 0.25)]}


def test_zero_blocks_cost_nothing_but_themselves() -> None:
    first, second = record(0, a=0.5).encode(), record(1, a=0.25).encode()
    log = lines(first, b"\0" * 4096 + second, record(2, a=0.125))
    assert found(log) == [("log.bad_bytes", 2)]
    assert content(log) == {"a": [(0, 0.5), (1, 0.25), (2, 0.125)]}
    torn = read(first + b"\n" + second[:20] + b"\0" * 512)
    assert found(torn) == [("log.bad_bytes", 2), ("log.torn_tail", 2)]
    assert content(torn) == {"a": [(0, 0.5)]}


def test_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    data = ("\ufeff" + record(0, a=0.5) + "\r\n" + record(1, a=0.25) + "\r\n").encode()
    log = read(data)
    assert content(log) == {"a": [(0, 0.5), (1, 0.25)]}
    assert [(p.id, p.severity) for p in log.problems] == [
        ("text.bom", "info"),
        ("text.crlf", "info"),
    ]


def test_utf16_is_named_once() -> None:
    log = read((record(0, a=0.5) + "\n").encode("utf-16") * 50)
    assert found(log) == [("log.bad_bytes", 1)]
    assert log.series == {}


def test_only_newlines_end_a_line() -> None:
    log = lines(record(0, **{"a\u2028b\u2029c\x85d": 0.5}).encode().decode("unicode_escape"))
    assert log.records == 1
    assert found(read(record(0, a=1).encode() + b"\r" + record(1, a=1).encode() + b"\n")) == [
        ("log.bad_line", 1)
    ]


@pytest.mark.parametrize("data", [b"", b"\n", b"\n" * 5000, b" \n\t\n", b"\r\n"])
def test_nothing_is_nothing(data: bytes) -> None:
    log = read(data)
    assert (log.records, log.torn) == (0, False)
    assert [p for p in log.problems if p.severity != "info"] == []


# -- numbers -------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_stand_for_themselves() -> None:
    log = lines(record(0, a="NaN"), record(1, a="Infinity"), record(2, a="-Infinity"))
    values = log.series["a"].values
    assert math.isnan(values[0])
    assert list(values[1:]) == [math.inf, -math.inf]
    assert found(log) == []


def test_bare_nan_and_overlong_numbers_are_read_and_said() -> None:
    log = lines(
        '{"step": 0, "metrics": {"a": NaN, "b": -Infinity}}',
        '{"step": 1, "metrics": {"a": 1e999, "b": -1e999}}',
        '{"step": 2, "metrics": {"a": 1, "b": 2}}',
    )
    assert repr(content(log)) == repr(
        {
            "a": [(0, math.nan), (1, math.inf), (2, 1.0)],
            "b": [(0, -math.inf), (1, -math.inf), (2, 2.0)],
        }
    )
    assert [(p.id, p.severity, p.line) for p in log.problems] == [
        ("log.bad_value", "info", 1),
        ("log.bad_value", "info", 2),
    ]


def test_extremes_are_exact() -> None:
    values = [1e308, -1e308, 5e-324, -0.0, 2**53 + 1, -(2**53) - 1, 2**64 - 1, -(2**63)]
    log = lines(*(record(step, a=value) for step, value in enumerate(values)))
    assert [repr(value) for _, value in log.series["a"].settled()] == list(map(repr, values))
    assert math.copysign(1, log.series["a"].values[3]) == -1
    assert found(log) == []


@pytest.mark.parametrize("digits", [401, 5_000])
def test_whole_numbers_beyond_all_bounds(digits: int) -> None:
    log = lines('{"step": 0, "metrics": {"a": 1' + "0" * digits + "}}", record(1, a=1))
    assert ("log.bad_value", 1) in found(log) or ("log.bad_line", 1) in found(log)
    assert all(len(problem.message) < 200 for problem in log.problems)
    assert content(log)["a"][-1] == (1, 1.0)


@pytest.mark.parametrize(
    "value", [True, "1_0", "１２", "0x10", " 1 ", "1e5", "nan", "inf", None, [1], {"b": 1}, ""]
)
def test_what_is_no_number_is_said_and_left_out(value: object) -> None:
    log = lines(*(record(step, a=0.5, b=value, c=2) for step in range(6)))
    assert {name: len(series) for name, series in log.series.items()} == {"a": 6, "c": 6}
    assert [(p.id, p.severity, p.line) for p in log.problems] == [
        ("log.bad_value", "warning", line) for line in range(1, 7)
    ]
    if isinstance(value, str) and value:
        assert value in log.problems[0].message


@pytest.mark.parametrize("step", [2**63, -1, 1.5, "3", True, None, "", [1]])
def test_a_step_is_a_whole_number_from_0_on(step: object) -> None:
    log = lines(record(0, a=0.5), record(step, a=0.25), record(2**63 - 1, a=0.125))
    assert found(log) == [("log.bad_value", 2)]
    assert log.problems[0].severity == "error"
    assert content(log) == {"a": [(0, 0.5), (2**63 - 1, 0.125)]}


@pytest.mark.parametrize("time", [-1.0, 2.5e11 * 4, 292277026596, "NaN", "Infinity", "x", True])
def test_a_time_out_of_bounds_is_said_and_unknown(time: object) -> None:
    line = json.dumps({"step": 1, "time": time, "metrics": {"a": 0.5}})
    log = lines(record(0, a=0.5), line)
    assert found(log) == [("log.bad_value", 2)]
    assert log.series["a"].times[0] == 1.7e9
    assert math.isnan(log.series["a"].times[1])


def test_no_time_is_no_fault() -> None:
    log = lines('{"step": 1, "metrics": {"a": 0.5}}', '{"step": 2, "time": 0, "metrics": {}}')
    assert found(log) == []
    assert repr(list(log.columns.times)) == "[nan, 0.0]"


# -- keys, names, order --------------------------------------------------------------------


def test_a_key_that_stands_twice_is_found_and_the_last_counts() -> None:
    log = lines(
        record(0, loss=1),
        '{"step":1,"metrics":{"loss":1,"loss":2}}',
        '{"step": 2, "metrics": {"loss": 1}, "step": 3}',
        record(4, loss=3, x=': ":'),
    )
    assert content(log)["loss"] == [(0, 1.0), (1, 2.0), (3, 1.0), (4, 3.0)]
    twice = [(p.id, p.line) for p in log.problems if "stands twice" in p.message]
    assert twice == [("log.duplicate_key", 2), ("log.duplicate_key", 3)]


def test_nested_extras_are_no_duplicates() -> None:
    log = lines(
        '{"step":1,"metrics":{"a":1},"extra":{"b":{"c":1}}}', '{"event":"note","x":{"y":1}}'
    )
    assert found(log) == []
    assert [event.kind for event in log.events] == ["note"]


def test_names_that_look_alike_are_said() -> None:
    log = lines(record(0, **{"loss": 1, "Loss": 2, " loss": 3, "other": 4}))
    assert len(log.series) == 4
    assert [(p.id, p.severity) for p in log.problems] == [("log.duplicate_key", "info")] * 2


def test_hidden_characters_and_endless_names_are_said() -> None:
    log = lines(record(0, **{"a\u202eb": 1, "x" * 2_001: 2, "损失": 3}))
    assert [(p.id, p.severity) for p in log.problems] == [
        ("text.bidi", "warning"),
        ("limits.text", "warning"),
    ]


def test_halves_of_surrogate_pairs_become_replacement_characters() -> None:
    log = lines('{"step": 0, "metrics": {"a\\ud800": 1, "b\\ud83d\\ude00": 2}}')
    assert list(log.series) == ["a\ufffd", "b😀"]
    assert [(p.id, p.severity) for p in log.problems] == [("log.bad_value", "info")]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([0, 1, 2], []),
        ([0, 1, 1], ["'a' has step 1 after step 1"]),
        ([5, 3, 9], ["'a' has step 3 after step 5"]),
        ([0, 100, 1, 101, 2], ["'a' has step 1 after step 100"]),
    ],
)
def test_steps_out_of_order_are_said_once_a_series(steps: list[int], said: list[str]) -> None:
    log = lines(*(record(step, a=0.5) for step in steps))
    assert list(log.series["a"].steps) == steps
    assert [p.message for p in log.problems] == said
    assert {p.id for p in log.problems} <= {"log.step_order"}


def test_series_of_their_own_counters_are_in_order() -> None:
    log = lines(
        record(0, a=1), record(10, a=1), record(0, val=1), record(20, a=1), record(1, val=1)
    )
    assert found(log) == []


def test_a_resumed_attempt_may_go_back_and_replaces() -> None:
    resume = '{"event": "resume", "step": 2, "time": 1.0, "attempt": 2}'
    texts = [record(step, a=step / 2) for step in range(5)]
    log = lines(*texts, resume, *(record(step, a=step * 10) for step in range(2, 4)))
    assert found(log) == []
    assert list(log.series["a"].attempts) == [1] * 5 + [2] * 2
    assert log.series["a"].settled() == [(0, 0.0), (1, 0.5), (2, 20.0), (3, 30.0)]
    (event,) = log.events
    assert (event.kind, event.record, event.step, event.attempt) == ("resume", 5, 2, 2)


def test_attempts_count_on_when_a_marker_says_nothing() -> None:
    log = lines(record(0, a=1), *['{"event": "resume", "attempt": "x"}', record(1, a=1)] * 2)
    assert list(log.columns.attempts) == [1, 2, 3]
    far = lines('{"event": "resume", "attempt": 9999999}', record(0, a=1))
    assert list(far.columns.attempts) == [65_535]


# -- limits --------------------------------------------------------------------------------


def test_a_line_that_is_too_long_is_skipped_wherever_it_stands() -> None:
    short = record(0, a=0.5)
    long = record(1, **{"b" * 300: 1})
    for texts in ([long, short, short], [short, long, short], [short, short, long]):
        data = "".join(text + "\n" for text in texts).encode()
        for pieces in ([data], [data[i : i + 7] for i in range(0, len(data), 7)]):
            limits = Limits(line_bytes=200)
            log = read_metric_log(pieces, name="metrics.jsonl", limits=limits)
            assert log.records == 2
            assert ("limits.line", texts.index(long) + 1) in found(log)
            assert f"{len(long)} bytes" in str(log.problems[0].message)


def test_an_endless_last_line_is_no_torn_record() -> None:
    log = read(record(0, a=0.5).encode() + b"\n" + b"x" * 500, line_bytes=200)
    assert found(log) == [("limits.line", 2)]
    assert log.records == 1


def test_series_beyond_the_limit_are_counted() -> None:
    metrics = {f"m{number}": 0.5 for number in range(30)}
    log = lines(*[record(0, **metrics)] * 6)
    assert len(log.series) == 30
    log = read("".join(record(step, **metrics) + "\n" for step in range(6)).encode(), series=10)
    assert list(log.series) == [f"m{number}" for number in range(10)]
    assert [p.message for p in log.problems] == ["20 series beyond the first 10 were left out"]
    assert log.problems[0].severity == "error"


@pytest.mark.parametrize(
    ("limit", "said"), [("records", "more than 5000 records"), ("points", "more than 5000 points")]
)
def test_a_file_with_too_much_is_read_in_part(limit: str, said: str) -> None:
    data = b"".join(b'{"step":%d,"metrics":{"a":0.5}}\n' % step for step in range(60_000))
    log = read(data, **{limit: 5_000})
    assert 5_000 < log.records < 60_000
    assert [p.id for p in log.problems] == [f"limits.{limit}"]
    assert said in log.problems[0].message


def test_bad_lines_are_shown_counted_and_end_the_reading() -> None:
    log = read(b"x\n" * 30 + record(0, a=0.5).encode() + b"\n")
    assert [p.line for p in log.problems] == [*range(1, 21), None]
    assert log.problems[-1].message == "10 more like these"
    assert log.records == 1
    given_up = read(b"x\n" * 3_000, bad_lines=100, line_bytes=500)
    assert [p.id for p in given_up.problems][-2:] == ["limits.lines", "log.bad_line"]


def test_prototype_names_are_names() -> None:
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", "length", "", "0", "-1"]
    log = lines(*(record(step, **dict.fromkeys(names, 0.5)) for step in range(5)))
    assert list(log.series) == names
    assert all(len(series) == 5 for series in log.series.values())


@given(RECORDS)
def test_facts_of_a_series_are_those_of_its_points(records: list[dict[str, Any]]) -> None:
    log = read(to_bytes(records))
    columns = log.columns
    for series in log.series.values():
        steps = [columns.steps[row] for row in series.records]
        times = [columns.times[row] for row in series.records]
        pairs = list(pairwise(steps))
        assert (list(series.steps), list(series.times)) == (steps, times)
        assert list(series.attempts) == [columns.attempts[row] for row in series.records]
        assert series.finite == all(map(math.isfinite, series.values))
        assert series.steps_rise == all(left < right for left, right in pairs)
        assert series.distinct_steps == len(set(steps))
        if series.is_settled:
            assert [step for step, _ in series.settled()] == steps


def test_values_whose_sum_overflows_are_finite() -> None:
    series = lines(record(1, a=1e308), record(2, a=1e308)).series["a"]
    assert series.finite
