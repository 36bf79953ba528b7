"""The site `logits`: its coordinates have the distances of logits, and what is put there goes back into the model."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monosem.interchange.places import hook_name, module_name
from monosem.investigations.ablation import written_to_residual
from monosem.lm.logit_updates import logit_coordinates
from monosem.lm.sites import Site, parse_site
from monosem.lm.transformer import LanguageModel, LMConfig

CONFIG = LMConfig(vocab_size=23, context_length=6, n_layers=2, d_model=8, n_heads=2, d_mlp=12)
LOGITS, OUT = Site("logits", 1), Site("mlp_out", 1)


def drawn(seed, width, n_tokens):
    rng = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=rng).double() for shape in ((width,), (width, n_tokens), (5, width)))


def logit_changes(o_BD, scale_D, W_U_DV):
    """P L W C of the docstring, written out."""
    logits_BV = (o_BD - o_BD.mean(dim=1, keepdim=True)) * scale_D @ W_U_DV
    return logits_BV - logits_BV.mean(dim=1, keepdim=True)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(14, 40))
def test_distances_are_those_of_the_logits_and_the_way_back_loses_only_the_mean(seed, width, n_tokens):
    scale_D, W_U_DV, o_BD = drawn(seed, width, n_tokens)
    to_DC, back_CD = logit_coordinates(scale_D, W_U_DV)
    assert to_DC.shape == (width, width - 1)
    distances = torch.cdist(o_BD @ to_DC, o_BD @ to_DC)
    expected_BV = logit_changes(o_BD, scale_D, W_U_DV)
    torch.testing.assert_close(distances, torch.cdist(expected_BV, expected_BV), rtol=1e-6, atol=1e-5)
    again_BV = logit_changes(o_BD @ to_DC @ back_CD, scale_D, W_U_DV)
    torch.testing.assert_close(again_BV, expected_BV, rtol=1e-5, atol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_the_error_of_any_reconstruction_is_its_error_in_logits(seed):
    """Also of one that no output of the MLP has: it is put back as the output whose logits it is."""
    scale_D, W_U_DV, o_BD = drawn(seed, 6, 20)
    to_DC, back_CD = logit_coordinates(scale_D, W_U_DV)
    recon_BC = torch.randn(5, 5, generator=torch.Generator().manual_seed(seed)).double()
    left_BV = logit_changes(o_BD, scale_D, W_U_DV) - logit_changes(recon_BC @ back_CD, scale_D, W_U_DV)
    torch.testing.assert_close((o_BD @ to_DC - recon_BC).norm(dim=1), left_BV.norm(dim=1))


def test_a_vocabulary_that_sees_less_than_the_stream_has_is_none_the_worse():
    scale_D, W_U_DV, o_BD = drawn(0, 9, 3)
    to_DC, back_CD = logit_coordinates(scale_D, W_U_DV)
    again_BV = logit_changes(o_BD @ to_DC @ back_CD, scale_D, W_U_DV)
    torch.testing.assert_close(again_BV, logit_changes(o_BD, scale_D, W_U_DV))


@given(st.integers(0, 2**32 - 1), st.floats(-50, 50))
def test_a_shift_of_all_logits_does_not_count(seed, shift):
    scale_D, W_U_DV, o_BD = drawn(seed, 6, 20)
    along_D = torch.randn(6, generator=torch.Generator().manual_seed(seed)).double()
    shifted_DV = W_U_DV + shift * along_D[:, None]  # what o has along this moves every logit alike
    found, expected = (o_BD @ logit_coordinates(scale_D, W_DV).to_DC for W_DV in (shifted_DV, W_U_DV))
    torch.testing.assert_close(torch.cdist(found, found), torch.cdist(expected, expected), rtol=1e-4, atol=1e-4)


@pytest.fixture
def model():
    model = LanguageModel(CONFIG, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(20) if parameter.ndim == 2 else parameter.add_(torch.randn(parameter.shape))
    return model


def logits(model, edits=None):
    tokens_SL = torch.arange(12).view(2, 6) % CONFIG.vocab_size
    with torch.no_grad():
        return model(tokens_SL, edits=edits) @ model.W_U_DV


def test_a_model_reads_and_replaces_it_like_any_site(model):
    tokens_SL = torch.arange(12).view(2, 6)
    read_SLC, out_SLD = model.activations(tokens_SL, LOGITS), model.activations(tokens_SL, OUT)
    assert read_SLC.shape[2] == CONFIG.site_width(LOGITS) == 7
    expected = logit_changes(out_SLD.flatten(0, 1), model.ln_final.scale_D, model.W_U_DV).detach()
    found = read_SLC.flatten(0, 1)
    torch.testing.assert_close(torch.cdist(found, found), torch.cdist(expected, expected), rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(logits(model, {LOGITS: lambda x: x}), logits(model), rtol=1e-3, atol=1e-3)
    for change in (torch.zeros_like, lambda x: -2 * x):
        there, nearer = logits(model, {LOGITS: change}), logits(model, {OUT: change})
        torch.testing.assert_close(there, nearer, rtol=1e-3, atol=1e-3)


def test_coordinates_follow_the_weights_they_are_made_of(model):
    first = model.logit_coordinates()
    for weight in (model.W_U_DV, model.ln_final.scale_D):
        with torch.no_grad():
            weight[:2] *= 3
        expected = logit_coordinates(model.ln_final.scale_D.detach(), model.W_U_DV.detach())
        assert all(map(torch.equal, model.logit_coordinates(), expected))
        assert not torch.equal(model.logit_coordinates().to_DC, first.to_DC)


def test_ablations_take_what_a_feature_of_any_site_writes_to_the_residual_stream(model):
    stream = Site("resid_post", 1)
    widths = {site.name: CONFIG.site_width(site) for site in (Site("mlp_post", 1), OUT, stream, LOGITS)}
    for name, width in widths.items():
        site = Site(name, 1)
        out_FD = written_to_residual(model, torch.eye(width), site)
        assert out_FD.shape == (width, CONFIG.d_model)
        torch.testing.assert_close(model.logit_weights(torch.eye(width), site), model.logit_weights(out_FD, stream))
    with torch.no_grad():
        moved_SLD = model(torch.zeros(1, 6, dtype=torch.long), edits={LOGITS: lambda x: x + torch.eye(7)[3]})
        out_D = written_to_residual(model, torch.eye(7)[3:4], LOGITS)[0]
        again_SLD = model(torch.zeros(1, 6, dtype=torch.long), edits={OUT: lambda x: x + out_D})
    torch.testing.assert_close(moved_SLD, again_SLD, rtol=1e-3, atol=1e-3)


def test_logit_weights_of_its_directions_are_those_of_the_outputs_they_stand_for(model):
    directions_FC = torch.randn(4, 7)
    outputs_FD = directions_FC @ model.logit_coordinates().back_CD
    assert parse_site("logits", 2) == LOGITS
    found, expected = model.logit_weights(directions_FC, LOGITS), model.logit_weights(outputs_FD, OUT)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name_of", [hook_name, module_name])
def test_no_other_package_has_such_a_place(name_of):
    with pytest.raises(
        ValueError, match="site logits: other packages have no such place; export a dictionary of mlp_post"
    ):
        name_of(LOGITS)
