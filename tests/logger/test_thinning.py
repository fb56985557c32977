"""Which points of a thinned metric are due."""

from __future__ import annotations

import pytest

from reportgen.logger.thinning import Thinned


@pytest.mark.parametrize(("every", "kept"), [(2, [0, 2, 4, 6, 8]), (5, [0, 5]), (100, [0])])
def test_the_first_of_every_so_many(every: int, kept: list[int]) -> None:
    thinned = Thinned(every, accepted=False)
    assert [point for point in range(10) if thinned.is_due()] == kept
