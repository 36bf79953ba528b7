"""What records say about a column of numbers."""

import numpy as np
import pytest

from monosem.ground.summary import median_rank, summarise


@pytest.mark.parametrize("n", [40, 101, 400])
def test_intervals_of_mean_and_median_cover_them_nineteen_times_in_twenty(n):
    """Of an exponential, whose mean is 1 and whose median is log 2."""
    rng, covered = np.random.default_rng(0), {"mean": 0, "median": 0}
    for _ in range(600):
        found = summarise(rng.exponential(size=n))
        for name, truth in (("mean", 1.0), ("median", np.log(2))):
            covered[name] += found[f"{name}_low"] <= truth <= found[f"{name}_high"]
    assert 0.93 < covered["median"] / 600 < 0.985 and 0.86 < covered["mean"] / 600 < 0.98


def test_of_few_numbers_there_is_no_interval_of_the_median():
    assert median_rank(5) < 1 <= median_rank(8)
    found = summarise(np.array([3.0, np.nan, 1.0]))
    assert (found["n"], found["median"], found["median_low"], found["median_high"]) == (2, 2, None, None)
    assert found["mean_low"] == pytest.approx(2 - 1.96) and found["mean_high"] == pytest.approx(2 + 1.96)
    assert set(summarise(np.array([np.nan])).values()) == {0, None}
    assert summarise(np.array([4.0]))["mean_low"] is None
