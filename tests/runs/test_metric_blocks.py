from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.metric_blocks import blocks_of

LINES = st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=12)


@given(LINES, st.integers(1, 40), st.integers(1, 12), st.booleans())
def test_blocks_are_the_lines_with_their_numbers(
    lines: list[bytes], size: int, longest: int, ended: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    seen: dict[int, bytes | int] = {}
    for block in blocks_of(pieces, longest):
        if block.too_long:
            seen[block.line] = block.too_long
            continue
        parts = block.data.split(b"\n")
        assert len(parts) == block.lines
        assert block.torn == (block.line == len(expected) and not data.endswith(b"\n"))
        seen.update(enumerate(parts, block.line))
    assert seen == {
        number: line if len(line) <= longest else len(line)
        for number, line in enumerate(expected, 1)
    }


def test_nothing_has_no_blocks() -> None:
    assert list(blocks_of([], 10)) == list(blocks_of([b"", b""], 10)) == []
