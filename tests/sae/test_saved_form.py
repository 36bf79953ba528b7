"""The saved form of every architecture: the same codes and reconstructions as its training had."""

import pytest
import torch
from architecture_cases import NAMES, PER_BATCH, cases, made
from hypothesis import given, settings
from hypothesis import strategies as st

from monosem.sae.architectures import ARCHITECTURES


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PER_BATCH])
@settings(max_examples=30)
@given(data=st.data())
def test_the_saved_form_gives_the_codes_and_the_reconstruction(name, data):
    """Its decoder rows have unit norm, so its codes are the textbook's times that norm."""
    case = data.draw(cases(name, torch.float64))
    arch, W_dec_FN = ARCHITECTURES[name](**case.hyper), case.weights["W_dec_FN"]
    if arch.unit_decoder:
        W_dec_FN /= W_dec_FN.norm(dim=1, keepdim=True)
    before = {key: tensor.clone() for key, tensor in case.weights.items()}
    sae = arch.inference(case.weights, case.x_BN)
    result, _ = case.textbook()
    codes_BF = sae.encode(case.x_BN)
    torch.testing.assert_close(codes_BF, result.codes_BF * W_dec_FN.norm(dim=1), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.decode(codes_BF), result.reconstruction_BN, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(len(W_dec_FN), dtype=torch.float64))
    assert all(torch.equal(before[key], tensor) for key, tensor in case.weights.items())


@pytest.mark.parametrize("name", PER_BATCH)
@pytest.mark.parametrize("k", [1, 3])
def test_the_saved_form_of_a_batchs_largest_keeps_as_many_on_average(name, k):
    case = made(name, 200, 6, 30, shift=1, dead=0, hyper={"k": k, "k_aux": 4, "aux": 1 / 32})
    case.hyper |= {"prefixes": (0.25, 0.5, 1.0)} if name == "matryoshka" else {}
    case.weights["W_dec_FN"] /= case.weights["W_dec_FN"].norm(dim=1, keepdim=True)
    sae = ARCHITECTURES[name](**case.hyper).inference(case.weights, case.x_BN)
    codes_BF, (result, _) = sae.encode(case.x_BN), case.textbook()
    assert int((codes_BF > 0).sum()) == 200 * k
    torch.testing.assert_close(codes_BF, result.codes_BF, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.decode(codes_BF), result.reconstruction_BN, rtol=1e-9, atol=1e-9)
