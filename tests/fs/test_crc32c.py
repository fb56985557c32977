from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c as reference
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from reportgen.fs.crc32c import crc32c, crc32c_rows, masked


def test_the_check_value_of_the_catalogue() -> None:
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 16_383, 16_384, 16_385, 50_001])
def test_every_length(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert crc32c(data) == reference(data)
    assert masked(crc32c(data)) == masked_crc32c(data)


@given(st.integers(0, 40), st.integers(1, 9), st.randoms())
def test_rows_at_once(length: int, count: int, random: object) -> None:
    rows = np.frombuffer(random.randbytes(length * count), np.uint8)  # type: ignore[attr-defined]
    found = crc32c_rows(rows.reshape(count, length)).tolist()
    assert found == [reference(row.tobytes()) for row in rows.reshape(count, length)]
