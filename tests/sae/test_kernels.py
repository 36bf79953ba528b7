"""The parts of a training step: entries and their products against dense matrices, the update against torch's Adam."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_problems import assert_whole

from monosem.sae.kernels import Adam, Csr, DenseEntries, Screen, SparseEntries, clip_factor, entries_above, update

SHAPES = (st.integers(1, 30), st.integers(1, 6), st.integers(1, 20), st.sampled_from([0, 0.1, 0.6, 1]))
DRAWN = given(*SHAPES, st.integers(0, 9999))
MANY = settings(max_examples=80)


def problem(B, N, F, share, seed):
    """A matrix with about that share of its entries stored, dense and as Csr; some values are stored zeros."""
    rng = torch.Generator().manual_seed(seed)
    stored_BF = torch.rand(B, F, generator=rng) < share
    stored_BF[torch.rand(B, generator=rng) < 0.2] = False
    value_BF = torch.randn(B, F, generator=rng, dtype=torch.float64) * (torch.rand(B, F, generator=rng) < 0.9)
    start_B1 = torch.nn.functional.pad(stored_BF.sum(1).cumsum(0), (1, 0)).int()
    csr = Csr(start_B1, stored_BF.nonzero()[:, 1].int(), value_BF[stored_BF], F)
    left_BN, right_FN = (torch.randn(n, N, generator=rng, dtype=torch.float64) for n in (B, F))
    return csr, value_BF * stored_BF, stored_BF, left_BN, right_FN


@MANY
@DRAWN
def test_rows_and_dense_form(B, N, F, share, seed):
    csr, dense_BF, stored_BF, _, _ = problem(B, N, F, share, seed)
    assert csr.n_rows == B and torch.equal(csr.tensor().to_dense(), dense_BF)
    assert csr.row_Z().tolist() == stored_BF.nonzero()[:, 0].tolist()
    assert torch.equal(csr.tensor(csr.value_Z * 2 + 1).to_dense(), (dense_BF * 2 + 1) * stored_BF)


@MANY
@DRAWN
def test_where_keeps_the_marked_entries_in_a_whole_matrix(B, N, F, share, seed):
    csr, dense_BF, stored_BF, left_BN, right_FN = problem(B, N, F, share, seed)
    for keep_BF in (dense_BF > 0, torch.rand(B, F) < 0.5, torch.zeros(B, F, dtype=torch.bool)):
        kept = csr.where(keep_BF[stored_BF])
        assert_whole(kept)
        assert torch.equal(kept.tensor().to_dense(), dense_BF * keep_BF)
        assert kept.row_Z().tolist() == (stored_BF & keep_BF).nonzero()[:, 0].tolist()
        expected_Z = (left_BN @ right_FN.T)[stored_BF & keep_BF]
        torch.testing.assert_close(kept.dot(left_BN, right_FN), expected_Z)


@MANY
@DRAWN
def test_the_products_are_the_dense_ones(B, N, F, share, seed):
    csr, dense_BF, stored_BF, left_BN, right_FN = problem(B, N, F, share, seed)
    torch.testing.assert_close(csr.dot(left_BN, right_FN), (left_BN @ right_FN.T)[stored_BF])
    torch.testing.assert_close(csr.times(csr.value_Z, right_FN), dense_BF @ right_FN)
    torch.testing.assert_close(csr.times(csr.value_Z.exp(), right_FN), (dense_BF.exp() * stored_BF) @ right_FN)
    transposing = csr.transposing()
    for value_Z in (csr.value_Z, csr.value_Z.exp()):
        value_BF = torch.zeros_like(dense_BF).masked_scatter(stored_BF, value_Z)
        torch.testing.assert_close(transposing.times(value_Z, left_BN), value_BF.T @ left_BN)


@MANY
@DRAWN
def test_both_kinds_of_entries_are_one_interface(B, N, F, share, seed):
    """Sums over all entries; what the sparse ones leave out counts as zero."""
    csr, dense_BF, stored_BF, left_BN, W_FN = problem(B, N, F, share, seed)
    sparse, dense = SparseEntries(csr, W_FN), DenseEntries(dense_BF, W_FN)
    value_F, code_BF = W_FN.sum(1), dense_BF.relu()
    code_Z = code_BF[stored_BF]
    torch.testing.assert_close(sparse.each(value_F), dense.each(value_F).expand(B, F)[stored_BF])
    torch.testing.assert_close(sparse.dot(left_BN), dense.dot(left_BN)[stored_BF])
    for ours in ((sparse, code_Z), (dense, code_BF)):
        entries, code_E = ours
        torch.testing.assert_close(entries.decode(code_E), code_BF @ W_FN)
        torch.testing.assert_close(entries.outer(code_E, left_BN), code_BF.T @ left_BN)
        torch.testing.assert_close(entries.total(code_E), code_BF.sum(0))
        assert torch.equal(entries.active(code_E), (code_BF > 0).any(0))
    first, last = F // 3, F // 3 + (F + 1) // 2
    part = sparse.between(first, last)
    assert_whole(part.csr)
    torch.testing.assert_close(part.decode(part.pre_E), dense_BF[:, first:last] @ W_FN[first:last])


def test_dense_bfloat16_entries_add_up_in_the_weights_own_type():
    """4097 ones: a sum kept in bfloat16 would stop at 256."""
    entries = DenseEntries(torch.ones(4097, 1, dtype=torch.bfloat16), torch.ones(1, 2))
    assert entries.total(entries.pre_E).tolist() == [4097]
    for product in (entries.decode(entries.pre_E), entries.outer(entries.pre_E, torch.ones(4097, 2))):
        assert product.dtype == torch.float32


def random_weights(rng, dtype):
    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=dtype)

    W_dec_FN = normal(1100, 3)  # over two blocks of rows
    W_dec_FN /= W_dec_FN.norm(dim=1, keepdim=True)
    return {"W_enc_FN": normal(1100, 3), "b_enc_F": normal(1100), "W_dec_FN": W_dec_FN, "b_dec_N": normal(3)}


@pytest.mark.parametrize(("dtype", "steps"), [(torch.float32, 10), (torch.float64, 100)], ids=str)
@pytest.mark.parametrize("unit", [True, False])
def test_updates_are_torchs_adam_on_the_projected_gradient(unit, dtype, steps):
    """By hand: the decoder gradient's part along its rows removed, torch.optim.Adam, rows brought back to norm 1."""
    rng = torch.Generator().manual_seed(0)
    weights = random_weights(rng, dtype)
    theirs = {name: tensor.clone() for name, tensor in weights.items()}
    moments = {name: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for name, tensor in weights.items()}
    optimizer = torch.optim.Adam(list(theirs.values()), betas=(0.8, 0.95), eps=1e-8)
    for step in range(1, steps + 1):
        scale = 10.0 ** (step % 5 - 2)
        gradients = {name: scale * torch.randn(w.shape, generator=rng, dtype=dtype) for name, w in weights.items()}
        for name, tensor in theirs.items():
            tensor.grad = gradients[name].clone()
        if unit:
            W_dec = theirs["W_dec_FN"]
            W_dec.grad -= torch.einsum("fn,fn->f", W_dec.grad, W_dec)[:, None] * W_dec
        optimizer.param_groups[0]["lr"] = 0.1 / step
        optimizer.step()
        if unit:
            W_dec.copy_(torch.nn.functional.normalize(W_dec, dim=1))
        update(weights, gradients, moments, Adam(step, 0.1 / step, 0.8, 0.95), unit=unit)
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(weights, theirs, rtol=tolerance, atol=tolerance)
    state = [optimizer.state[tensor] for tensor in theirs.values()]
    expected = {name: (at["exp_avg"], at["exp_avg_sq"]) for name, at in zip(theirs, state, strict=True)}
    torch.testing.assert_close(moments, expected, rtol=10 * tolerance, atol=tolerance)
    assert torch.allclose(weights["W_dec_FN"].norm(dim=1), torch.ones(1100, dtype=dtype), atol=1e-6) == unit


def test_a_decoder_gradient_along_its_rows_changes_nothing_but_the_moments_of_others():
    weights = random_weights(torch.Generator().manual_seed(1), torch.float64)
    before = {name: tensor.clone() for name, tensor in weights.items()}
    moments = {name: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for name, tensor in weights.items()}
    gradients = {name: 3 * tensor for name, tensor in before.items()}
    update(weights, gradients, moments, Adam(1, 1e-9, 0.9, 0.999), unit=True)
    torch.testing.assert_close(weights["W_dec_FN"], before["W_dec_FN"], rtol=0, atol=1e-8)
    assert moments["W_dec_FN"][0].abs().max() < 1e-14 < moments["W_enc_FN"][0].abs().max()


@settings(max_examples=60)
@given(st.integers(0, 9999), st.floats(1e-3, 1e3), st.sampled_from([1e-4, 0.5, 0.999, 1, 1.001, 3, 1e4]))
def test_clipped_gradients_are_torchs(seed, scale, share):
    """Limits under, at and over the norm of all gradients together; under it, nothing changes."""
    rng = torch.Generator().manual_seed(seed)
    tensors = [tensor * scale for tensor in random_weights(rng, torch.float64).values()]
    gradients = {str(i): tensor.clone() for i, tensor in enumerate(tensors)}
    norm = torch.cat([tensor.flatten() for tensor in tensors]).norm().item()
    parameters = [torch.nn.Parameter(torch.zeros_like(tensor)) for tensor in tensors]
    for parameter, tensor in zip(parameters, tensors, strict=True):
        parameter.grad = tensor.clone()
    torch.nn.utils.clip_grad_norm_(parameters, share * norm)
    factor = clip_factor(gradients, share * norm)
    for ours, theirs, before in zip(gradients.values(), parameters, tensors, strict=True):
        torch.testing.assert_close(ours * factor, theirs.grad, rtol=2e-6 / (share * norm) + 1e-12, atol=0)
        assert torch.equal(ours, before)
    assert share <= 1 or factor == 1


def test_gradients_of_zero_are_left_as_they_are():
    assert clip_factor({"a": torch.zeros(3), "b": torch.zeros(2, 2)}, 1.0) == 1


def test_an_empty_result_is_a_whole_matrix_too():
    x_BN, W_FN = torch.randn(9, 4), torch.randn(5, 4)
    found = entries_above(x_BN, W_FN, torch.full((5,), -1e3), 0.0, Screen(torch.float32, False))
    assert_whole(found)
    assert len(found.value_Z) == 0 and (found.times(found.value_Z, torch.ones(5, 2)) == torch.zeros(9, 2)).all()
    assert found.dot(x_BN, W_FN).shape == (0,)
    assert torch.equal(found.transposing().times(found.value_Z, x_BN), torch.zeros(5, 4))
