"""What it saves to look at the hole and not at the region alone."""

import itertools

from benchmarks.around_hole import HOLES, compare, costs


def test_the_hole_costs_less_than_its_region():
    for hole in HOLES.values():
        size, before, now = costs(itertools.islice(hole(), 2))
        assert size[0] == 2
        assert now.sampling < 0.9 * before.sampling
        assert now.training <= before.training
        assert now.stages <= before.stages


def test_a_call_around_the_hole_gives_the_same():
    _, _, difference = compare((3, 120, 120), 10)
    assert difference < 1e-4
