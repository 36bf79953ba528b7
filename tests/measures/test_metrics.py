"""Metrics by the identities that define them."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monosem.measures.metrics import ReconstructionSums, loss_recovered, roc_area


def sums_of(x_BN, recon_BN, cuts=()):
    sums = ReconstructionSums()
    edges = [0, *sorted(cut for cut in cuts if cut < len(x_BN)), len(x_BN)]
    for start, end in pairwise(edges):
        sums.add(x_BN[start:end], recon_BN[start:end])
    return sums


def data(n=200, offset=5.0):
    return torch.randn(n, 6) * torch.tensor([1, 2, 3, 0.1, 1, 1]) + offset


def test_predicting_the_mean_explains_nothing_and_a_perfect_one_all():
    x_BN = data()
    assert sums_of(x_BN, x_BN.mean(0).expand_as(x_BN)).explained_variance == pytest.approx(0, abs=1e-6)
    perfect = sums_of(x_BN, x_BN)
    assert (perfect.explained_variance, perfect.normalised_mse, perfect.mse) == (1, 0, 0)


def test_predicting_zero_has_a_normalised_mse_of_one():
    x_BN = data()
    sums = sums_of(x_BN, torch.zeros_like(x_BN))
    assert sums.normalised_mse == pytest.approx(1) and sums.explained_variance < 0


def test_the_formulas():
    x_BN, recon_BN = data(), data()
    sums, error_B = sums_of(x_BN, recon_BN), (x_BN - recon_BN).square().sum(1)
    assert sums.mse == pytest.approx(error_B.mean().item())
    spread = (x_BN - x_BN.mean(0)).square().sum()
    assert sums.explained_variance == pytest.approx(1 - (error_B.sum() / spread).item(), rel=1e-5)


@settings(max_examples=40)
@given(st.sets(st.integers(0, 80), max_size=8))
def test_the_split_into_batches_does_not_matter(cuts):
    torch.manual_seed(1)
    x_BN, recon_BN = data(81), data(81)
    whole, parts = sums_of(x_BN, recon_BN), sums_of(x_BN, recon_BN, cuts)
    for name in ("explained_variance", "normalised_mse", "mse"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-9)


def test_shift_and_scale_leave_explained_variance():
    x_BN, noise_BN = data(offset=0.0).double(), torch.randn(200, 6).double()
    first = sums_of(x_BN, x_BN + noise_BN).explained_variance
    for scale, shift in ((3.0, 0.0), (1.0, 100.0)):
        moved = sums_of(x_BN * scale + shift, (x_BN + noise_BN) * scale + shift)
        assert moved.explained_variance == pytest.approx(first, rel=1e-6)


def test_loss_recovered():
    assert loss_recovered(3.0, 3.0, 5.0) == 1 and loss_recovered(3.0, 5.0, 5.0) == 0
    assert loss_recovered(3.0, 4.0, 5.0) == 0.5 and loss_recovered(3.0, 6.0, 5.0) < 0
    assert loss_recovered(3.0, 2.9, 3.0) is None and loss_recovered(3.0, 2.9, 2.5) is None


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=40))
def test_the_roc_area_is_the_share_of_pairs_in_order(items):
    value, positive = map(np.array, zip(*items, strict=True))
    pairs = value[positive][:, None] - value[~positive][None]
    if pairs.size:
        assert roc_area(value, positive) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    else:
        assert np.isnan(roc_area(value, positive))
