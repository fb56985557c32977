from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.split_ids import choice_fault, hash_of, kept_share, split_hashes
from reportgen.logger.inputs import split_hashes as written


def hashes(ids: Iterable[object]) -> list[bytes]:
    return sorted(hash_of(str(one)) for one in ids)


def test_what_the_logger_keeps_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = {"train": hashes(range(4_000)), "val": hashes(range(4_000, 5_000))}
    whole, share = written(splits)
    assert (split_hashes(whole), kept_share(whole), share) == (splits, 1.0, 1.0)
    monkeypatch.setattr("reportgen.logger.inputs._KEPT_IDS", 1_500)
    part, share = written(splits)
    assert kept_share(part) == share == 0.3
    for name, kept in split_hashes(part).items():
        assert kept == splits[name][: len(kept)]
        assert choice_fault(kept, len(splits[name]), share) is None


def test_what_is_left_out_otherwise_is_told() -> None:
    every = hashes(range(1_000))
    below = [one for one in every if one < bytes([128])]
    assert choice_fault(below, 1_000, 0.5) is None
    assert "hashes where a share" in (choice_fault(below[:300], 1_000, 0.5) or "")
    assert "above the bound" in (choice_fault([*below[1:], every[-1]], 1_000, 0.5) or "")
    assert choice_fault([], 3, 0.5) is None
    assert choice_fault([], 300, 0.5) is not None


@pytest.mark.parametrize("text", [None, 7, "no base64!", "QUJD", b64encode(b"x" * 9).decode()])
def test_hashes_that_are_none(text: object) -> None:
    with pytest.raises(ValueError, match="hashes that are"):
        split_hashes({"kept": 1.0, "val": text})


@given(st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.booleans()))
def test_a_share_that_is_none_is_all(kept: object) -> None:
    assert 0 < kept_share({"kept": kept}) <= 1
