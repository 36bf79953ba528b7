"""The transformer against its textbook formulas, and what may be read, replaced and shuffled in it."""

import json
import math

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load, save_file

from monosem.ground.artefacts import sha256
from monosem.lm.cross_entropy import next_token_loss
from monosem.lm.sites import Site, parse_site
from monosem.lm.transformer import (
    LanguageModel,
    LMConfig,
    causal_attention,
    load_lm,
    save_lm,
    shuffle_weights,
    token_losses,
)

CONFIG = LMConfig(vocab_size=13, context_length=7, n_layers=2, d_model=8, n_heads=2, d_mlp=12)
SITES = [Site(name, layer) for name in ("mlp_post", "mlp_out", "resid_post") for layer in (0, 1)]


def new_model(scale=20.0, **changed):
    """Weights far from their small start, so that every part of the model matters; biases and scales too."""
    model = LanguageModel(LMConfig(**{**CONFIG.__dict__, **changed}), seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter * scale if parameter.ndim == 2 else parameter + torch.randn(parameter.shape))
    return model


def some_tokens(S=5, L=7):
    return torch.randint(CONFIG.vocab_size, (S, L))


def logits(model, tokens_SL, edits=None):
    with torch.no_grad():
        return model(tokens_SL, edits=edits) @ model.W_U_DV


def explicit_logits(model, tokens_L):
    """One sequence, written again from the formulas with loops over positions and heads."""
    D, H = model.config.d_model, model.config.n_heads

    def norm(x_D, scale_D):
        return (x_D - x_D.mean()) / ((x_D - x_D.mean()).square().mean() + 1e-5).sqrt() * scale_D

    x = [model.W_E_VD[token] + model.W_pos_LD[i] for i, token in enumerate(tokens_L)]
    for block in model.blocks:
        W_q, W_k, W_v = block.W_qkv_DD3.split(D, dim=1)
        h = [norm(x_D, block.ln_attn.scale_D) for x_D in x]
        mixed = []
        for i in range(len(x)):
            heads = []
            for K in (slice(n * D // H, (n + 1) * D // H) for n in range(H)):
                q_K = h[i] @ W_q[:, K]
                score = torch.stack([q_K @ (h[j] @ W_k[:, K]) / math.sqrt(D // H) for j in range(i + 1)]).softmax(0)
                heads.append(sum(score[j] * (h[j] @ W_v[:, K]) for j in range(i + 1)))
            mixed.append(x[i] + torch.cat(heads) @ block.W_O_DD)
        x = [
            y + F.relu(norm(y, block.ln_mlp.scale_D) @ block.W_in_DM + block.b_in_M) @ block.W_out_MD + block.b_out_D
            for y in mixed
        ]
    return torch.stack([norm(x_D, model.ln_final.scale_D) @ model.W_U_DV for x_D in x])


def test_the_forward_pass_is_the_formula():
    model, tokens_SL = new_model(), some_tokens(2)
    expected = torch.stack([explicit_logits(model, tokens_L) for tokens_L in tokens_SL])
    torch.testing.assert_close(logits(model, tokens_SL), expected.detach(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("L", [1, 5, 40])
def test_attention_is_torchs(L):
    q, k, v = torch.randn(3, 2, 3, L, 4)
    torch.testing.assert_close(causal_attention(q, k, v), F.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_no_output_sees_a_later_token():
    model, tokens_SL = new_model(), some_tokens()
    before = logits(model, tokens_SL)
    for position in range(1, 7):
        changed_SL = tokens_SL.clone()
        changed_SL[:, position] = (changed_SL[:, position] + 1) % CONFIG.vocab_size
        after = logits(model, changed_SL)
        torch.testing.assert_close(after[:, :position], before[:, :position])
        assert not torch.allclose(after[:, position:], before[:, position:])


def test_bfloat16_is_close():
    model, tokens_SL = new_model(scale=5.0), some_tokens()
    exact = model(tokens_SL)
    narrow = model(tokens_SL, torch.bfloat16)
    assert narrow.dtype == torch.bfloat16 and (narrow.float() - exact).norm() < 0.05 * exact.norm()


@pytest.mark.parametrize("n_layers", [1, 2])
def test_training_lowers_the_loss_to_that_of_a_known_pattern(n_layers):
    model = LanguageModel(LMConfig(**{**CONFIG.__dict__, "n_layers": n_layers}), seed=0)
    tokens_SL = (torch.arange(13)[:, None] * 3 + torch.arange(7)) % 13
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(150):
        losses.append(next_token_loss(model(tokens_SL), model.W_U_DV, tokens_SL))
        losses[-1].backward()
        optimizer.step()
        optimizer.zero_grad()
    assert abs(losses[0].item() - math.log(13)) < 0.2 and losses[-1].item() < 0.1
    torch.testing.assert_close(token_losses(model, tokens_SL).mean(), losses[-1].detach(), rtol=0.5, atol=0)


def test_token_losses_are_the_training_loss_token_by_token():
    model, tokens_SL = new_model(), some_tokens(90)
    losses_SL = token_losses(model, tokens_SL)
    expected = F.cross_entropy(logits(model, tokens_SL)[:, :-1].transpose(1, 2), tokens_SL[:, 1:], reduction="none")
    torch.testing.assert_close(losses_SL, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(losses_SL.mean(), next_token_loss(model(tokens_SL), model.W_U_DV, tokens_SL).detach())


@pytest.mark.parametrize("site", SITES)
def test_putting_back_what_was_read_changes_nothing(site):
    model, tokens_SL = new_model(), some_tokens()
    acts = model.activations(tokens_SL, site)
    assert acts.shape == (5, 7, CONFIG.site_width(site)) and (site.name != "mlp_post" or (acts >= 0).all())
    assert torch.equal(logits(model, tokens_SL, {site: lambda x: acts}), logits(model, tokens_SL))


@pytest.mark.parametrize("layer", [0, 1])
def test_zero_neurons_are_an_mlp_without_its_matrix(layer):
    model, tokens_SL = new_model(), some_tokens()
    zeroed = logits(model, tokens_SL, {Site("mlp_post", layer): torch.zeros_like})
    out = logits(model, tokens_SL, {Site("mlp_out", layer): lambda x: model.blocks[layer].b_out_D.expand_as(x)})
    assert not torch.allclose(zeroed, logits(model, tokens_SL))
    with torch.no_grad():
        model.blocks[layer].W_out_MD.zero_()
    torch.testing.assert_close(zeroed, logits(model, tokens_SL))
    torch.testing.assert_close(zeroed, out)


def test_an_edit_acts_on_its_own_layer_and_those_after():
    model, tokens_SL = new_model(), some_tokens()
    for site, other, same in [(SITES[0], SITES[1], False), (SITES[1], SITES[0], True)]:
        seen = []
        logits(model, tokens_SL, {site: torch.zeros_like, other: lambda x, seen=seen: seen.append(x) or x})
        assert torch.equal(seen[0], model.activations(tokens_SL, other)) == same


def test_the_residual_stream_is_the_last_thing_read():
    model, tokens_SL = new_model(), some_tokens()
    x_SLD = model.activations(tokens_SL, Site("resid_post", 1))
    torch.testing.assert_close(model.ln_final(x_SLD) @ model.W_U_DV, logits(model, tokens_SL))


@pytest.mark.parametrize("name", ["mlp_post", "mlp_out", "resid_post"])
def test_logit_weights_are_the_slope_of_the_logits(name):
    """With the final LayerNorm's division undone, a push along a direction moves the logits by its logit weights."""
    model, tokens_SL, site = new_model(), some_tokens(1), Site(name, 1)
    directions_FN = torch.randn(3, CONFIG.site_width(site))
    weights_FV = model.logit_weights(directions_FN, site)
    assert (weights_FV.median(dim=1).values == 0).all()

    def undivided(edits=None):
        seen = []
        edits = {**(edits or {})}
        resid = Site("resid_post", 1)
        inner = edits.get(resid, lambda x: x)
        model(tokens_SL, edits={**edits, resid: lambda x: seen.append(inner(x)) or inner(x)})
        x_D = seen[0][0, -1]
        return ((x_D - x_D.mean()) * model.ln_final.scale_D) @ model.W_U_DV

    with torch.no_grad():
        for d_N, weights_V in zip(directions_FN, weights_FV, strict=True):
            moved_V = undivided({site: lambda x, d_N=d_N: x + d_N}) - undivided()
            torch.testing.assert_close(moved_V - moved_V.median(), weights_V, rtol=1e-3, atol=1e-3)


def test_the_control_is_each_matrix_shuffled():
    model, shuffled, again = new_model(), new_model(), new_model()
    with torch.no_grad():
        for to in (shuffled, again):
            to.load_state_dict(model.state_dict())
    shuffle_weights(shuffled, seed=1)
    shuffle_weights(again, seed=1)
    for name, before in model.named_parameters():
        after = shuffled.get_parameter(name)
        assert torch.equal(after, again.get_parameter(name))
        assert torch.equal(after, before) == (before.ndim == 1)
        assert torch.equal(after.flatten().sort().values, before.flatten().sort().values)
    shuffle_weights(again, seed=2)
    assert not torch.equal(again.W_E_VD, shuffled.W_E_VD)


def test_a_seed_decides_the_weights():
    first, same, other = (LanguageModel(CONFIG, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["W_E_VD"], other["W_E_VD"])


def test_a_saved_model_gives_the_same_outputs(tmp_path):
    model, tokens_SL, path = new_model(), some_tokens(), tmp_path / "w.safetensors"
    save_lm(path, model)
    back = load_lm(path, sha256(path)[:16])
    assert back.config == model.config and torch.equal(logits(back, tokens_SL), logits(model, tokens_SL))
    with pytest.raises(ValueError, match=r"w\.safetensors: model [0-9a-f]{16}, but its .* of feed; rerun"):
        load_lm(path, "feed")


def test_a_wrong_file_is_named(tmp_path):
    path, model = tmp_path / "w.safetensors", new_model()
    with pytest.raises(ValueError, match=r"w\.safetensors: no such file"):
        load_lm(path)
    save_lm(path, model)
    tensors, whole = load(path.read_bytes()), path.read_bytes()
    config = json.dumps(model.config.__dict__)
    wrong = {"config": config.replace("13", "14")}
    for make in (
        lambda: path.write_bytes(whole[:-1]),
        lambda: path.write_bytes(b""),
        lambda: save_file(tensors, path),
        lambda: save_file(tensors, path, metadata=wrong),
        lambda: save_file(tensors, path, metadata={"config": json.dumps({"architecture": "relu"})}),
        lambda: save_file({**tensors, "more": torch.zeros(1)}, path, metadata={"config": config}),
    ):
        make()
        with pytest.raises(ValueError, match=r"w\.safetensors: not a language model"):
            load_lm(path)


def test_sites_are_read_from_text():
    assert parse_site("mlp_post", 3) == Site("mlp_post", 2) and parse_site("resid_post-l0", 3) == Site("resid_post", 0)


@pytest.mark.parametrize("text", ["", "mlp", "mlp_post-l3", "mlp_post-l-1", "mlp_post-lx", "mlp_post-l", "mlp_post-l²"])
def test_a_bad_site_is_named(text):
    with pytest.raises(ValueError, match=f"site {text}: one of mlp_post, mlp_out, resid_post, logits expected"):
        parse_site(text, 3)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="n_heads 3: a divisor of d_model 8"):
        LMConfig(**{**CONFIG.__dict__, "n_heads": 3})
