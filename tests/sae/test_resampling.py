"""Resampling as the paper describes it, worked by hand."""

import pytest
import torch

from monosem.sae.autoencoder import unit_rows
from monosem.sae.resampling import ENCODER_NORM, resample

PER_FEATURE = {"b_enc_F": 0.0, "log_threshold_F": -2.5}
OF_FEATURES = ("W_enc_FN", "b_enc_F", "W_dec_FN", "log_threshold_F")


def random_state(N=4, F=6):
    weights = {"W_enc_FN": torch.randn(F, N), "b_enc_F": torch.randn(F), "W_dec_FN": unit_rows(torch.randn(F, N))}
    weights |= {"b_dec_N": torch.randn(N), "log_threshold_F": torch.randn(F)}
    return weights, {name: (torch.rand_like(t) + 1, torch.rand_like(t) + 1) for name, t in weights.items()}


def dead(F, *which):
    return torch.isin(torch.arange(F), torch.tensor(which, dtype=torch.int64))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_by_hand():
    """Feature 1 of 3 is dead; the encoder norms of the others are 5 and 1; one input alone has a loss: (3, 4)."""
    weights = {
        "W_enc_FN": torch.tensor([[3.0, 4], [7, 7], [0, 1]]), "b_enc_F": torch.tensor([1.0, 2, 3]),
        "W_dec_FN": torch.tensor([[1.0, 0], [0, 1], [0, 1]]), "b_dec_N": torch.tensor([8.0, 9]),
        "log_threshold_F": torch.tensor([4.0, 5, 6]),
    }  # fmt: skip
    moments = {name: (torch.ones_like(t), 2 * torch.ones_like(t)) for name, t in weights.items()}
    x_BN = torch.tensor([[9.0, 9], [3, 4]])
    new, fresh = resample(weights, moments, x_BN, torch.tensor([0.0, 2.0]), dead(3, 1), PER_FEATURE, rng())
    norm = 0.2 * (5 + 1) / 2
    torch.testing.assert_close(new["W_dec_FN"], torch.tensor([[1.0, 0], [0.6, 0.8], [0, 1]]))
    torch.testing.assert_close(new["W_enc_FN"], torch.tensor([[3.0, 4], [0.6 * norm, 0.8 * norm], [0, 1]]))
    assert new["b_enc_F"].tolist() == [1, 0, 3] and new["b_dec_N"].tolist() == [8, 9]
    assert new["log_threshold_F"].tolist() == [4, -2.5, 6]
    assert fresh["b_enc_F"][0].tolist() == [1, 0, 1] and fresh["b_dec_N"][1].tolist() == [2, 2]
    assert fresh["log_threshold_F"][1].tolist() == [2, 0, 2]


def test_only_dead_rows_and_their_moments_change():
    (weights, moments), is_dead = random_state(), dead(6, 0, 3, 4)
    new, fresh = resample(weights, moments, torch.randn(50, 4), torch.rand(50), is_dead, PER_FEATURE, rng())
    assert set(new) == set(weights) == set(fresh) == {*OF_FEATURES, "b_dec_N"}
    for name in OF_FEATURES:
        assert torch.equal(new[name][~is_dead], weights[name][~is_dead])
        assert (new[name][is_dead] != weights[name][is_dead]).all()
    assert torch.equal(new["b_dec_N"], weights["b_dec_N"])
    torch.testing.assert_close(new["W_dec_FN"].norm(dim=1), torch.ones(6))
    for name, pair in moments.items():
        for before, after in zip(pair, fresh[name], strict=True):
            if name == "b_dec_N":
                assert torch.equal(after, before)
            else:
                assert (after[is_dead] == 0).all() and torch.equal(after[~is_dead], before[~is_dead])


def test_new_directions_are_inputs_and_distinct_ones():
    (weights, moments), x_BN = random_state(), torch.randn(5, 4)
    is_dead = dead(6, 0, 1, 2, 3, 4)
    new, _ = resample(weights, moments, x_BN, torch.rand(5) + 0.1, is_dead, PER_FEATURE, rng())
    cosine = torch.nn.functional.normalize(new["W_dec_FN"][:5]) @ torch.nn.functional.normalize(x_BN).T
    assert sorted(cosine.argmax(dim=1).tolist()) == [0, 1, 2, 3, 4]
    torch.testing.assert_close(cosine.max(dim=1).values, torch.ones(5))
    expected_DN = new["W_dec_FN"][:5] * ENCODER_NORM * weights["W_enc_FN"][5].norm()
    torch.testing.assert_close(new["W_enc_FN"][:5], expected_DN)


def test_nothing_given_is_changed_and_a_seed_decides():
    weights, moments = random_state()
    x_BN, loss_B, is_dead = torch.randn(50, 4), torch.rand(50), dead(6, 2, 5)
    given = [*weights.values(), *(t for pair in moments.values() for t in pair), x_BN, loss_B, is_dead]
    before = [tensor.clone() for tensor in given]
    first, same, other = (
        resample(weights, moments, x_BN, loss_B, is_dead, PER_FEATURE, rng(s)).weights["W_dec_FN"] for s in (1, 1, 2)
    )
    assert all(map(torch.equal, given, before))
    assert torch.equal(first, same) and not torch.equal(first, other)


@pytest.mark.parametrize("is_dead", [dead(6), dead(6, *range(6))], ids=["none", "all"])
def test_without_a_dead_or_without_an_alive_feature_all_stays(is_dead):
    weights, moments = random_state()
    new, fresh = resample(weights, moments, torch.randn(9, 4), torch.rand(9), is_dead, PER_FEATURE, rng())
    assert all(torch.equal(new[name], weights[name]) for name in weights)
    assert all(torch.equal(a, b) for name in moments for a, b in zip(moments[name], fresh[name], strict=True))


def test_more_dead_features_than_inputs():
    weights, moments = random_state(F=40)
    is_dead, loss_B = dead(40, *range(1, 40)), torch.tensor([1.0, 0.0, 2.0])
    new = resample(weights, moments, torch.randn(3, 4), loss_B, is_dead, PER_FEATURE, rng()).weights
    torch.testing.assert_close(new["W_dec_FN"].norm(dim=1), torch.ones(40))
    assert len({tuple(row.tolist()) for row in new["W_dec_FN"][1:]}) == 2  # never the input without loss


def test_inputs_are_drawn_in_proportion_to_their_squared_loss():
    x_BN, loss_B = torch.eye(4), torch.tensor([1.0, 2.0, 3.0, 0.0])
    weights, moments = random_state(F=2)
    counts = torch.zeros(4)
    for seed in range(2000):
        found = resample(weights, moments, x_BN, loss_B, dead(2, 1), PER_FEATURE, rng(seed))
        counts += found.weights["W_dec_FN"][1]
    torch.testing.assert_close(counts / 2000, torch.tensor([1.0, 4, 9, 0]) / 14, rtol=0, atol=0.04)


def test_an_input_of_zeros_gives_no_direction():
    """All neurons silent: it has a loss, since the decoder bias is not zero, but no direction."""
    weights, moments = random_state()
    x_BN = torch.cat([torch.zeros(30, 4), torch.randn(2, 4)])
    new = resample(weights, moments, x_BN, torch.ones(32), dead(6, 0, 1), PER_FEATURE, rng()).weights
    assert all(tensor.isfinite().all() for tensor in new.values())
    assert (new["W_dec_FN"][:2] != weights["W_dec_FN"][:2]).all()
