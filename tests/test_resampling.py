"""Resampling as the paper describes it, worked by hand."""

import pytest
import torch

from monosem.resampling import ENCODER_NORM, resample
from monosem.sae import SparseAutoencoder, unit_rows


def random_state(N=4, F=6):
    sae = SparseAutoencoder(torch.randn(F, N), torch.randn(F), unit_rows(torch.randn(F, N)), torch.randn(N))
    return sae, [(torch.rand_like(t) + 1, torch.rand_like(t) + 1) for t in sae.parameters()]


def dead(F, *which):
    return torch.isin(torch.arange(F), torch.tensor(which, dtype=torch.int64))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_by_hand():
    """Feature 1 of 3 is dead; the encoder norms of the others are 5 and 1; one input alone has a loss: (3, 4)."""
    sae = SparseAutoencoder(
        torch.tensor([[3.0, 4], [7, 7], [0, 1]]), torch.tensor([1.0, 2, 3]),
        torch.tensor([[1.0, 0], [0, 1], [0, 1]]), torch.tensor([8.0, 9]),
    )  # fmt: skip
    moments = [(torch.ones_like(t), 2 * torch.ones_like(t)) for t in sae.parameters()]
    x_BN = torch.tensor([[9.0, 9], [3, 4]])
    new, fresh = resample(sae, moments, x_BN, torch.tensor([0.0, 2.0]), dead(3, 1), rng())
    norm = 0.2 * (5 + 1) / 2
    torch.testing.assert_close(new.W_dec_FN, torch.tensor([[1.0, 0], [0.6, 0.8], [0, 1]]))
    torch.testing.assert_close(new.W_enc_FN, torch.tensor([[3.0, 4], [0.6 * norm, 0.8 * norm], [0, 1]]))
    assert new.b_enc_F.tolist() == [1, 0, 3] and new.b_dec_N.tolist() == [8, 9]
    assert fresh[1][0].tolist() == [1, 0, 1] and fresh[3][1].tolist() == [2, 2]


def test_only_dead_rows_and_their_moments_change():
    (sae, moments), is_dead = random_state(), dead(6, 0, 3, 4)
    new, fresh = resample(sae, moments, torch.randn(50, 4), torch.rand(50), is_dead, rng())
    for before, after in zip(sae.parameters()[:3], new.parameters()[:3], strict=True):
        assert torch.equal(after[~is_dead], before[~is_dead]) and (after[is_dead] != before[is_dead]).all()
    assert torch.equal(new.b_dec_N, sae.b_dec_N)
    torch.testing.assert_close(new.W_dec_FN.norm(dim=1), torch.ones(6))
    for i, (pair, fresh_pair) in enumerate(zip(moments, fresh, strict=True)):
        for before, after in zip(pair, fresh_pair, strict=True):
            if i == 3:
                assert torch.equal(after, before)
            else:
                assert (after[is_dead] == 0).all() and torch.equal(after[~is_dead], before[~is_dead])


def test_new_directions_are_inputs_and_distinct_ones():
    (sae, moments), x_BN = random_state(), torch.randn(5, 4)
    is_dead = dead(6, 0, 1, 2, 3, 4)
    new, _ = resample(sae, moments, x_BN, torch.rand(5) + 0.1, is_dead, rng())
    cosine = torch.nn.functional.normalize(new.W_dec_FN[:5]) @ torch.nn.functional.normalize(x_BN).T
    assert sorted(cosine.argmax(dim=1).tolist()) == [0, 1, 2, 3, 4]
    torch.testing.assert_close(cosine.max(dim=1).values, torch.ones(5))
    torch.testing.assert_close(new.W_enc_FN[:5], new.W_dec_FN[:5] * ENCODER_NORM * sae.W_enc_FN[5].norm())


def test_nothing_given_is_changed_and_a_seed_decides():
    sae, moments = random_state()
    x_BN, loss_B, is_dead = torch.randn(50, 4), torch.rand(50), dead(6, 2, 5)
    given = [*sae.parameters(), *(t for pair in moments for t in pair), x_BN, loss_B, is_dead]
    before = [tensor.clone() for tensor in given]
    first, same, other = (resample(sae, moments, x_BN, loss_B, is_dead, rng(s)).sae.W_dec_FN for s in (1, 1, 2))
    assert all(map(torch.equal, given, before))
    assert torch.equal(first, same) and not torch.equal(first, other)


@pytest.mark.parametrize("is_dead", [dead(6), dead(6, *range(6))], ids=["none", "all"])
def test_without_a_dead_or_without_an_alive_feature_all_stays(is_dead):
    sae, moments = random_state()
    new, fresh = resample(sae, moments, torch.randn(9, 4), torch.rand(9), is_dead, rng())
    assert all(map(torch.equal, new.parameters(), sae.parameters()))
    assert all(
        torch.equal(a, b) for old, now in zip(moments, fresh, strict=True) for a, b in zip(old, now, strict=True)
    )


def test_more_dead_features_than_inputs():
    sae, moments = random_state(F=40)
    new, _ = resample(sae, moments, torch.randn(3, 4), torch.tensor([1.0, 0.0, 2.0]), dead(40, *range(1, 40)), rng())
    torch.testing.assert_close(new.W_dec_FN.norm(dim=1), torch.ones(40))
    assert len({tuple(row.tolist()) for row in new.W_dec_FN[1:]}) == 2  # never the input without loss


def test_inputs_are_drawn_in_proportion_to_their_squared_loss():
    x_BN, loss_B = torch.eye(4), torch.tensor([1.0, 2.0, 3.0, 0.0])
    sae, moments = random_state(F=2)
    counts = torch.zeros(4)
    for seed in range(2000):
        counts += resample(sae, moments, x_BN, loss_B, dead(2, 1), rng(seed)).sae.W_dec_FN[1]
    torch.testing.assert_close(counts / 2000, torch.tensor([1.0, 4, 9, 0]) / 14, rtol=0, atol=0.04)


def test_an_input_of_zeros_gives_no_direction():
    """All neurons silent: it has a loss, since the decoder bias is not zero, but no direction."""
    sae, moments = random_state()
    x_BN = torch.cat([torch.zeros(30, 4), torch.randn(2, 4)])
    new, _ = resample(sae, moments, x_BN, torch.ones(32), dead(6, 0, 1), rng())
    assert all(tensor.isfinite().all() for tensor in new.parameters())
