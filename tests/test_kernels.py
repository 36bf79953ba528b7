"""Both gradient kernels against autograd on the textbook loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monosem import kernels
from monosem.kernels import decode_sparse, dense_gradients, encode_sparse, sparse_gradients
from monosem.sae import SparseAutoencoder, unit_rows

KERNELS = pytest.mark.parametrize("kernel", [dense_gradients, sparse_gradients])


def problem(B, N, F, shift, seed, dtype=torch.float64):
    """`shift` of the encoder bias sets the density: at -100 nothing is above zero, at 100 everything."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64).to(dtype)

    sae = SparseAutoencoder(normal(F, N), normal(F) + shift, unit_rows(normal(F, N)), normal(N))
    return sae, normal(B, N)


def textbook(sae, x_BN, l1):
    """Loss, gradients and codes by autograd."""
    leaves = [tensor.clone().requires_grad_() for tensor in sae.parameters()]
    W_enc, b_enc, W_dec, b_dec = leaves
    codes_BF = torch.relu((x_BN - b_dec) @ W_enc.T + b_enc)
    mse = ((codes_BF @ W_dec + b_dec) - x_BN).square().sum(dim=1).mean()
    penalty = codes_BF.sum(dim=1).mean()
    return mse, penalty, torch.autograd.grad(mse + l1 * penalty, leaves), codes_BF.detach()


def assert_textbook(result, sae, x_BN, l1):
    mse, penalty, gradients, codes_BF = textbook(sae, x_BN, l1)
    torch.testing.assert_close([result.mse, result.l1], [mse.detach(), penalty.detach()], rtol=1e-5, atol=1e-9)
    for ours, theirs in zip(result.gradients, gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)
    assert result.n_active == int((codes_BF > 0).sum())
    assert torch.equal(result.active_F, (codes_BF > 0).any(dim=0))


@KERNELS
@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 7), st.integers(1, 20), st.sampled_from([-100, -4, -2, 0, 2, 100]),
    st.sampled_from([0.0, 0.3, 5.0]), st.integers(0, 999),
)  # fmt: skip
def test_gradients_are_autograds(kernel, B, N, F, shift, l1, seed):
    sae, x_BN = problem(B, N, F, shift, seed)
    assert_textbook(kernel(sae, x_BN, l1, torch.float64), sae, x_BN, l1)


@KERNELS
def test_across_tiles(kernel, monkeypatch):
    monkeypatch.setattr(kernels, "TILE", 7)
    monkeypatch.setattr(kernels, "DENSE_TILE", 7)
    sae, x_BN = problem(50, 6, 30, -3, 0)
    assert_textbook(kernel(sae, x_BN, 0.4, torch.float64), sae, x_BN, 0.4)


@KERNELS
def test_dead_features_and_silent_vectors(kernel):
    sae, x_BN = problem(20, 4, 12, 0, 1)
    sae.b_enc_F[3:6] = -1e3
    x_BN[5:9] = sae.b_dec_N - 50 * sae.W_enc_FN.mean(0)
    result = kernel(sae, x_BN, 0.4, torch.float64)
    assert_textbook(result, sae, x_BN, 0.4)
    W_enc, b_enc, W_dec, _ = result.gradients
    assert not result.active_F[3:6].any()
    assert (W_enc[3:6] == 0).all() and (b_enc[3:6] == 0).all() and (W_dec[3:6] == 0).all()


@KERNELS
@pytest.mark.parametrize("l1", [0.0, 0.7])
def test_repeating_the_batch_changes_neither_loss_nor_gradient(kernel, l1):
    sae, x_BN = problem(30, 5, 14, -1, 2)
    once, twice = kernel(sae, x_BN, l1, torch.float64), kernel(sae, x_BN.repeat(2, 1), l1, torch.float64)
    torch.testing.assert_close([*once.gradients, once.mse, once.l1], [*twice.gradients, twice.mse, twice.l1])
    assert twice.n_active == 2 * once.n_active


@KERNELS
def test_nothing_given_is_changed(kernel):
    sae, x_BN = problem(30, 5, 14, -1, 2, torch.float32)
    before = [tensor.clone() for tensor in (*sae.parameters(), x_BN)]
    kernel(sae, x_BN, 0.5, torch.bfloat16)
    assert all(map(torch.equal, (*sae.parameters(), x_BN), before))


@pytest.mark.parametrize("shift", [-12, -3, 0])
def test_sparse_and_dense_agree_in_float32(shift):
    sae, x_BN = problem(300, 16, 64, shift, 3, torch.float32)
    dense, sparse = (kernel(sae, x_BN, 0.5, torch.float32) for kernel in (dense_gradients, sparse_gradients))
    torch.testing.assert_close(dense.gradients, sparse.gradients, rtol=1e-4, atol=1e-4)
    assert dense.n_active == sparse.n_active and torch.equal(dense.active_F, sparse.active_F)


@KERNELS
@pytest.mark.parametrize("shift", [-5, 0])
def test_bfloat16_is_close(kernel, shift):
    sae, x_BN = problem(400, 16, 64, shift, 4, torch.float32)
    mse, penalty, gradients, codes_BF = textbook(sae, x_BN, 0.5)
    result = kernel(sae, x_BN, 0.5, torch.bfloat16)
    for ours, theirs in zip([result.mse, result.l1, *result.gradients], [mse, penalty, *gradients], strict=True):
        assert ours.dtype == torch.float32 and (ours - theirs).norm() < 0.03 * theirs.norm()
    assert abs(result.n_active - int((codes_BF > 0).sum())) < 0.02 * codes_BF.numel()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 15), st.sampled_from([-100, -3, 0, 100]), st.integers(0, 999))
def test_sparse_codes_are_the_dense_ones(B, F, shift, seed):
    sae, x_BN = problem(B, 4, F, shift, seed)
    codes = encode_sparse(sae, x_BN, torch.float64)
    torch.testing.assert_close(codes.matrix(F).to_dense(), sae.encode(x_BN))
    torch.testing.assert_close(decode_sparse(sae, codes), sae.decode(sae.encode(x_BN)))


def test_bfloat16_decides_only_which_codes_are_there():
    sae, x_BN = problem(200, 8, 40, -2, 5, torch.float32)
    codes_BF, exact_BF = encode_sparse(sae, x_BN, torch.bfloat16).matrix(40).to_dense(), sae.encode(x_BN)
    there_BF = codes_BF > 0
    torch.testing.assert_close(codes_BF[there_BF], exact_BF[there_BF], rtol=1e-4, atol=1e-4)
    assert exact_BF[~there_BF].max() < 0.1  # only the faintest are missed
