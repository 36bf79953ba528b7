"""What baselines keep of planted activations, and that each does what its name says."""

from functools import partial

import numpy as np
import pytest
import torch
from recipes import CPU, FLOAT32, architecture, recipe
from scipy.linalg import subspace_angles

from monosem.investigations import baselines
from monosem.investigations.baselines import LeastSquares, independent_axes, neuron_axes, principal_axes
from monosem.investigations.ways import baseline_ways
from monosem.lm.sites import Site
from monosem.measures.metrics import ReconstructionSums
from monosem.sae.autoencoder import random_rows
from monosem.sae.training import advance, start

POST = Site("mlp_post", 0)
LINEAR = {"pca", "pca_largest", "ica_largest", "neurons"}
METHODS = {*LINEAR, "random"}


def planted(n_vectors, n_neurons=16, n_directions=32, per_vector=2, seed=0):
    """Vectors that are sums of few of many directions, and these."""
    rng = torch.Generator().manual_seed(seed)
    directions_FN = random_rows(n_directions, n_neurons, torch.Generator().manual_seed(7))
    chosen_BF = torch.rand(n_vectors, n_directions, generator=rng).argsort(dim=1) < per_vector
    return (chosen_BF * (1 + torch.rand(n_vectors, n_directions, generator=rng))) @ directions_FN, directions_FN


def explained(rebuild, x_BN):
    sums = ReconstructionSums()
    sums.add(x_BN, rebuild(x_BN)[0])
    return sums.explained_variance


def all_ways(x_BN, numbers):
    ways, _ = baseline_ways(x_BN, POST, 64, numbers, 50, 0, CPU)
    return {(way.method, way.size): way for way in ways.values()}


def test_all_numbers_keep_everything_and_fewer_keep_less():
    x_BN = planted(4000)[0].relu()
    ways = all_ways(x_BN, [2, 8, 16])
    assert {method for method, _ in ways} == METHODS
    for method in LINEAR:
        kept = [explained(ways[method, k].rebuild, x_BN) for k in (2, 8, 16)]
        assert kept[0] < kept[1] < kept[2] == pytest.approx(1, abs=1e-3), method


def test_no_way_uses_more_numbers_than_it_may():
    x_BN = planted(500)[0].relu()
    for (_, k), way in all_ways(x_BN, [1, 3]).items():
        way(x_BN)
        assert 0 < way.n_active <= k * len(x_BN) and way.sums.n == len(x_BN)


def test_principal_axes_are_those_of_largest_variance():
    x_BN = torch.randn(20_000, 6) * torch.tensor([9.0, 1, 5, 1, 1, 1]) + 3
    axes = principal_axes(x_BN)
    angles = subspace_angles(axes.first(2).direction_KN.T.numpy(), np.eye(6)[:, [0, 2]])
    assert np.degrees(angles).max() < 2
    variance = x_BN.var(dim=0)
    assert explained(partial(baselines.rebuild, axes.first(2).dictionary()), x_BN) == pytest.approx(
        ((variance[0] + variance[2]) / variance.sum()).item(), abs=1e-3
    )


def test_ica_finds_planted_sources_which_pca_mixes():
    sources_BK = torch.from_numpy(np.random.default_rng(0).laplace(size=(20_000, 5))).float()
    mixing_KN = random_rows(5, 8, torch.Generator().manual_seed(3))
    x_BN = sources_BK @ mixing_KN + 2
    axes, _ = independent_axes(x_BN, principal_axes(x_BN), 200, seed=0)
    assert len(axes.direction_KN) == 5, "only five directions vary"
    assert (axes.direction_KN @ mixing_KN.T).abs().max(dim=1).values.min() > 0.99
    assert (principal_axes(x_BN).first(5).direction_KN @ mixing_KN.T).abs().max(dim=1).values.min() < 0.95


@pytest.mark.parametrize("seed", [0, 1])
def test_independent_axes_stay_axes_however_many_steps_they_take(seed):
    """Each is read by itself alone; in float32 that is lost, by a factor with each step on real activations."""
    rng = torch.Generator().manual_seed(seed)
    mixing_NN = torch.randn(128, 128, generator=rng) / 128**0.5
    x_BN = (torch.randn(512, 128, generator=rng) @ mixing_NN - 1).relu()
    axes, _ = independent_axes(x_BN, principal_axes(x_BN), max_steps=15, seed=0)
    read_KK = axes.reading_KN @ axes.direction_KN.T
    assert (read_KK - torch.eye(len(read_KK))).abs().max() < 3e-6


def test_the_largest_neurons_are_kept_as_they_are():
    x_BN = torch.tensor([[0.0, 5, 1, 3], [3, 0, 0, 0]])
    kept_BN, n_active = baselines.rebuild(neuron_axes(torch.zeros(4)).dictionary(2), x_BN)
    assert kept_BN.tolist() == [[0, 5, 0, 3], [3, 0, 0, 0]] and n_active == 3
    mean_N = torch.tensor([1.0, 1, 1, 1])
    kept_BN, _ = baselines.rebuild(neuron_axes(mean_N).dictionary(1), x_BN)
    assert kept_BN.tolist() == [[1, 5, 1, 1], [3, 1, 1, 1]]


@pytest.mark.parametrize("rows", [3, 512])
def test_least_squares_is_the_best_combination_of_the_directions_chosen(rows, monkeypatch):
    monkeypatch.setattr(baselines, "ROWS", rows)
    x_RN, mean_N, rows_FN = torch.randn(10, 6), torch.randn(6), random_rows(20, 6, torch.Generator().manual_seed(1))
    found_RN, n_active = LeastSquares(rows_FN, mean_N, 3)(x_RN)
    assert n_active == 30
    for x_N, found_N in zip(x_RN - mean_N, found_RN - mean_N, strict=True):
        chosen_KN = rows_FN[(rows_FN @ x_N).topk(3).indices].numpy()
        expected_N = np.linalg.lstsq(chosen_KN.T, x_N.numpy(), rcond=None)[0] @ chosen_KN
        np.testing.assert_allclose(found_N.numpy(), expected_N, atol=1e-3)


def test_random_directions_keep_less_of_planted_sparse_data_than_trained_ones():
    trained = recipe("topk", batch=256, vectors=256 * 600, n_features=48, resample_at=())
    trained = trained.__class__(**{**vars(trained), "architecture": architecture("topk", k=3)})
    x_BN, _ = planted(trained.vectors)
    run = start(x_BN.mean(dim=0), trained, CPU)
    for batch_BN in x_BN.split(256):
        advance(run, batch_BN, trained, FLOAT32)
    learnt = trained.architecture.inference(run.weights, x_BN[:1000])
    fresh_BN, _ = planted(2000, seed=9)
    by_random = explained(
        LeastSquares(random_rows(48, 16, torch.Generator().manual_seed(0)), x_BN.mean(dim=0), 3), fresh_BN
    )
    by_trained = explained(partial(baselines.rebuild, learnt), fresh_BN)
    assert by_trained > by_random + 0.1
