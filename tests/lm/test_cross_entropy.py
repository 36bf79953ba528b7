"""The tiled loss against torch's on the full logits."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from monosem.lm.cross_entropy import TiledCrossEntropy, next_token_loss, tile_loss


def random_problem(S, L, V, D, dtype, scale=1.0):
    x_SLD = (torch.randn(S, L, D, dtype=dtype) * scale).requires_grad_()
    W_U_DV = torch.randn(D, V, dtype=dtype, requires_grad=True)
    return x_SLD, W_U_DV, torch.randint(V, (S, L))


def textbook(x_SLD, W_U_DV, tokens_SL):
    logits_SLV = x_SLD @ W_U_DV
    return F.cross_entropy(logits_SLV[:, :-1].flatten(0, 1), tokens_SL[:, 1:].flatten())


def gradients(loss, *inputs):
    return torch.autograd.grad(loss, inputs)


@settings(max_examples=40)
@given(st.integers(1, 9), st.integers(2, 7), st.integers(1, 11), st.integers(1, 5), st.sampled_from([0.1, 1.0, 30.0]))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_gradients_are_the_textbooks(dtype, S, L, V, D, scale):
    torch.manual_seed(S * 1000 + L * 100 + V)
    x_SLD, W_U_DV, tokens_SL = random_problem(S, L, V, D, dtype, scale)
    loss = next_token_loss(x_SLD, W_U_DV, tokens_SL)
    exact = [t.detach().double().requires_grad_() for t in (x_SLD, W_U_DV)]
    expected = textbook(*exact, tokens_SL)
    # A logit of size m carries a rounding error of m eps, which is the relative error of its probability; a gradient
    # is a mean of products of (probability - 0 or 1) with an entry of the other factor.
    largest_logit = (x_SLD @ W_U_DV).abs().max().item()
    bound = 4 * D * torch.finfo(dtype).eps * (1 + largest_logit)
    torch.testing.assert_close(loss.double(), expected, rtol=0, atol=bound)
    for ours, theirs, factor in zip(
        gradients(loss, x_SLD, W_U_DV), gradients(expected, *exact), (W_U_DV, x_SLD), strict=True
    ):
        torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=bound * factor.abs().max().item())


@pytest.mark.parametrize(("S", "L"), [(300, 3), (2, 400), (130, 2)])
def test_many_tiles_and_long_contexts(S, L):
    x_SLD, W_U_DV, tokens_SL = random_problem(S, L, 6, 4, torch.float64)
    loss, expected = next_token_loss(x_SLD, W_U_DV, tokens_SL), textbook(x_SLD, W_U_DV, tokens_SL)
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(gradients(loss, x_SLD, W_U_DV), gradients(expected, x_SLD, W_U_DV), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_tile_does_not_matter():
    x_SLD, W_U_DV, tokens_SL = random_problem(5, 4, 6, 3, torch.float64)
    x_PD, target_P = x_SLD[:, :-1].flatten(0, 1), tokens_SL[:, 1:].flatten()
    found = []
    for tile in (1, 4, 7, 15, 100):
        loss = TiledCrossEntropy.apply(x_PD, W_U_DV, target_P, tile, tile_loss, len(x_PD))
        found.append([loss, *gradients(loss, x_PD, W_U_DV)])
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], rtol=1e-5, atol=1e-7)


def test_a_scaled_loss_scales_the_gradients():
    x_SLD, W_U_DV, tokens_SL = random_problem(3, 4, 6, 3, torch.float32)
    once = gradients(next_token_loss(x_SLD, W_U_DV, tokens_SL), x_SLD, W_U_DV)
    thrice = gradients(3 * next_token_loss(x_SLD, W_U_DV, tokens_SL), x_SLD, W_U_DV)
    torch.testing.assert_close([3 * g for g in once], list(thrice))


def test_bfloat16_is_close_and_its_weight_gradient_is_float32():
    x_SLD, W_U_DV, tokens_SL = random_problem(40, 8, 20, 16, torch.float32)
    loss = next_token_loss(x_SLD.bfloat16(), W_U_DV, tokens_SL)
    expected = textbook(x_SLD, W_U_DV, tokens_SL)
    torch.testing.assert_close(loss, expected, rtol=2e-2, atol=0)
    (ours,), (theirs,) = gradients(loss, W_U_DV), gradients(expected, W_U_DV)
    assert ours.dtype == torch.float32 and (ours - theirs).norm() < 0.03 * theirs.norm()


def test_the_last_position_has_no_part_in_the_loss():
    x_SLD, W_U_DV, tokens_SL = random_problem(3, 4, 6, 3, torch.float32)
    (grad_SLD,) = gradients(next_token_loss(x_SLD, W_U_DV, tokens_SL), x_SLD)
    assert (grad_SLD[:, -1] == 0).all() and (grad_SLD[:, :-1] != 0).any(dim=2).all()
