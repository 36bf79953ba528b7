"""Text written with a feature pinned: by known features of models whose answer is known."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sharp_models import sharp_model
from small_run import flags
from texts import packed

import steer_features
from monosem.investigations.proxies import Context, Proxies
from monosem.investigations.steered_text import Condition, conditions, count_inside, record_fields, steerable
from monosem.investigations.steering import Writer, pinned
from monosem.lm.sites import Site
from monosem.lm.transformer import LMConfig
from monosem.sae.autoencoder import SparseAutoencoder
from plot import steering as plot_steering

N, V = 12, 20
PREFIX = [0, 3, 4, 3]


def model_of(n_layers=1):
    return sharp_model(LMConfig(V, 16, n_layers, 8, 2, N))


def dictionary(directions_FN, k=None):
    n_features = len(directions_FN)
    zeros = torch.zeros(n_features)
    return SparseAutoencoder(directions_FN.clone(), zeros, directions_FN, torch.zeros(N), zeros.clone(), k)


@pytest.fixture
def planted():
    return dictionary(torch.nn.functional.normalize(torch.randn(6, N)))


def writer_of(model, site=None, **changed):
    site = site or Site("mlp_post", model.config.n_layers - 1)
    return replace(Writer(model, site, PREFIX, n_texts=40, length=9, seed=7), **changed)


@pytest.mark.parametrize("n_layers", [1, 2])
def test_steering_with_a_zero_vector_is_no_steering(planted, n_layers):
    model = model_of(n_layers)
    planted.W_dec_FN[2] = 0
    for layer in range(n_layers):
        writer = writer_of(model, Site("mlp_post", layer))
        plain_SL = writer.write()
        assert torch.equal(writer.write(pinned(planted, 2, 50.0)), plain_SL)
        assert not torch.equal(writer.write(pinned(planted, 3, 50.0)), plain_SL)
        assert plain_SL[:, :4].tolist() == [PREFIX] * 40 and plain_SL.shape == (40, 13)


@pytest.mark.parametrize("k", [None, 2])
def test_a_pinned_feature_has_its_value_and_what_is_not_of_it_stays(k):
    sae = dictionary(torch.eye(N), k)
    x_BN = torch.rand(30, N)
    found_BN = pinned(sae, 5, 9.0)(x_BN)
    act_B = sae.encode(x_BN)[:, 5]
    assert torch.allclose(found_BN[:, 5], x_BN[:, 5] - act_B + 9) and (act_B == x_BN[:, 5]).all() == (k is None)
    assert torch.equal(found_BN[:, :5], x_BN[:, :5]) and torch.equal(found_BN[:, 6:], x_BN[:, 6:])
    removed_BN = x_BN - sae.encode(x_BN)[:, 5:6] * sae.W_dec_FN[5]
    assert torch.allclose(pinned(sae, 5, 0.0)(x_BN), removed_BN)


def test_a_feature_that_writes_one_token_makes_text_of_it():
    model, sae = model_of(), dictionary(torch.eye(N))
    with torch.no_grad():
        model.W_U_DV *= 5
        model.blocks[0].W_out_MD[4] = model.W_U_DV[:, 11] - model.W_U_DV.mean(dim=1)
    shares = [(writer_of(model).write(pinned(sae, 4, value))[:, 4:] == 11).float().mean() for value in (0.0, 1e3)]
    assert shares[0] < 0.3 and shares[1] > 0.9


def test_in_the_last_layer_only_the_last_position_matters(planted, monkeypatch):
    writer = writer_of(model_of())
    edit = pinned(planted, 1, 4.0)
    short_SL = writer.write(edit)

    def everywhere(self, edit, n_tokens):
        return lambda x_SLN: edit(x_SLN.flatten(0, 1)).view_as(x_SLN)

    monkeypatch.setattr(Writer, "where_it_matters", everywhere)
    assert torch.equal(writer.write(edit), short_SL)


def test_in_a_lower_layer_the_prefix_is_left_alone_but_for_its_last_token():
    model = model_of(2)
    writer, seen = writer_of(model, Site("mlp_post", 0), length=3), []
    writer.write(lambda x_BN: seen.append(len(x_BN)) or x_BN)
    assert seen == [40, 80, 120]


def test_texts_are_drawn_as_likely_as_the_model_says():
    model = model_of()
    first_S = writer_of(model, n_texts=20_000, length=1).write()[:, 4]
    logits_V = (model(torch.tensor([PREFIX]))[0, -1] @ model.W_U_DV).detach()
    share_V = torch.bincount(first_S, minlength=V) / 20_000
    assert share_V.numpy() == pytest.approx(logits_V.softmax(dim=0).numpy(), abs=0.02)
    losses_S1 = writer_of(model, n_texts=20_000, length=1).losses(writer_of(model, n_texts=20_000, length=1).write())
    entropy = -(logits_V.softmax(dim=0) * logits_V.log_softmax(dim=0)).sum()
    assert losses_S1.mean().item() == pytest.approx(entropy.item(), rel=0.05)


def test_temperature_sharpens_and_flattens_the_models_probabilities():
    model = model_of()
    logits_V = (model(torch.tensor([PREFIX]))[0, -1] @ model.W_U_DV).detach()
    for temperature in (0.5, 2.0):
        first_S = writer_of(model, n_texts=20_000, length=1, temperature=temperature).write()[:, 4]
        share_V = torch.bincount(first_S, minlength=V) / 20_000
        assert share_V.numpy() == pytest.approx((logits_V / temperature).softmax(dim=0).numpy(), abs=0.02)
    coldest_SL = writer_of(model, length=1, temperature=1e-3).write()
    assert (coldest_SL[:, 4] == logits_V.argmax()).all()


def test_a_text_longer_than_the_context_is_refused():
    with pytest.raises(ValueError, match="--length 13: 12 expected at most, after 4 of prefix"):
        writer_of(model_of(), length=13)


ARABIC = Context("Arabic", "arabic", blocks=((0x600, 0x6FF),))
DNA = Context("DNA", "dna", alphabet="ACGT")
TOKENS = [b"<|bos|>", b"the", b" cat", "قط".encode(), b"\xd9", b"ACGT"]


def known_proxies():
    rng = np.random.default_rng(0)
    tokens_SL = rng.choice([0, 1, 2, 3], (50, 16), p=[0.05, 0.5, 0.35, 0.1])
    return Proxies.learn([ARABIC, DNA], packed(tokens_SL, "xxxx", category_SL=tokens_SL), TOKENS)


def test_tokens_are_counted_after_the_prefix_and_by_context():
    tokens_SL = np.array([[0, 3, 3, 2, 0, 3], [0, 5, 1, 5, 5, 5], [0, 2, 0, 0, 0, 0]])
    inside_SC, n_S = count_inside(known_proxies(), tokens_SL, 2)
    assert n_S.tolist() == [3, 4, 0]
    assert inside_SC[:, 0].tolist() == [2, 0, 0] and inside_SC[:, 1].tolist() == [0, 3, 0]


def contexts_record(**entries):
    table = {"Arabic": {"category": "kind0", "blocks": ["0600-06FF"]}, "licences": {"category": "kind1"}}
    table["base64"] = {"category": "kind2", "alphabet": "A-Za-z0-9+/"}
    found = {"Arabic": {"absent": False, "feature": 3}, "licences": {"absent": False, "feature": 1}}
    found |= {"base64": {"absent": False, "feature": 5}, **entries}
    run = {"model": "A", "site": "mlp_post", "dictionary": "relu-w24"}
    return {**run, "contexts": found, "flags": {"contexts": table, "train_tokens": 1200}}


def test_contexts_without_a_feature_are_left_out_and_those_that_cannot_be_told_refused():
    record = contexts_record(base64={"absent": True})
    assert [context.name for context in steerable(record, ["Arabic", "base64", "Thai"], "x")] == ["Arabic"]
    with pytest.raises(ValueError, match="--steer licences: without blocks or alphabet"):
        steerable(record, ["licences"], "x")
    with pytest.raises(ValueError, match=r"c\.json: record has no field `flags\.contexts`"):
        steerable({"contexts": {}}, ["Arabic"], "c.json")
    assert conditions([], {}, np.zeros(3), [1.0]) == []
    wanted = conditions([ARABIC], {"Arabic": 2}, np.array([1, 2, 3.0]), [0.5, 1.0])
    assert wanted == [Condition("", 0, 0, -1), Condition("Arabic", 0.5, 1.5, 2), Condition("Arabic", 1.0, 3.0, 2)]


def shares_table():
    shares = {"": (0.1, 0.2), "a": (0.7, 0.3), "b": (0.4, 0.9)}
    rows = [
        {"pinned": name, "context": context, "share": share, "multiple": float(name != ""), "value": 1.0}
        for name, both in shares.items()
        for context, share in zip("ab", both, strict=True)
    ]
    return pd.DataFrame(rows).assign(feature=0, n_tokens=10, perplexity=5.0, share_error=0.1)


def test_the_record_says_what_a_feature_gains_and_leads_by():
    fields = record_fields(shares_table())
    assert fields["n_tokens"] == 30 and fields["perplexity_unsteered"] == 5.0
    assert fields["contexts"]["a"]["gain"] == pytest.approx(0.6) and fields["contexts"]["a"]["lead"] == pytest.approx(
        0.3
    )
    alone = shares_table().query("context == 'a' and pinned != 'b'")
    assert record_fields(alone)["contexts"]["a"]["lead"] is None
    assert record_fields(shares_table()[:0]) == {"n_tokens": 0, "perplexity_unsteered": None, "contexts": {}}


@pytest.fixture
def command(corpus, tokens, lm, acts, sae, evaluated, tmp_path):
    (tmp_path / "contexts.json").write_text(json.dumps(contexts_record()))
    values = {"model": lm / "weights.safetensors", "acts_record": acts.with_suffix(".json")}
    values |= {"sae": sae / "sae.safetensors", "features": evaluated / "features.parquet"}
    values |= {"contexts": tmp_path / "contexts.json", "training": tokens / "train.zarr", "seed": 0}
    values |= {"tokenizer": corpus.tokenizer, "steer": ["Arabic", "base64"], "multiples": [1, 3], "prefix": "x"}
    values |= {"texts": 5, "length": 7, "threads": 1, "device": "cpu", "output": tmp_path / "steering.tsv"}
    return values | {"output_texts": tmp_path / "texts.parquet", "output_record": tmp_path / "steering.json"}


@pytest.mark.parametrize("absent", [False, True])
def test_the_scripts_steer_a_trained_dictionary_and_draw_it(command, tmp_path, as_script, absent):
    as_script("steer_features.py")
    if absent:
        gone = {name: {"absent": True} for name in ("Arabic", "base64")}
        (tmp_path / "contexts.json").write_text(json.dumps(contexts_record(**gone)))
    steer_features.main(flags(**command))
    table, texts = pd.read_csv(tmp_path / "steering.tsv", sep="\t"), pd.read_parquet(tmp_path / "texts.parquet")
    record = json.loads((tmp_path / "steering.json").read_text())
    assert record["investigation"] == "steering" and len(table) == (0 if absent else 10)
    assert list(record["contexts"]) == ([] if absent else ["Arabic", "base64"]) and len(texts) == 5 * len(table) / 2
    for name in ("first", "second"):
        outputs = {"output": tmp_path / f"{name}.svg", "output_data": tmp_path / f"{name}.tsv"}
        plot_steering.main(flags(record=tmp_path / "steering.json", table=tmp_path / "steering.tsv", **outputs))
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_the_multiple_of_the_paper_must_be_among_them(command):
    with pytest.raises(ValueError, match="1, the paper's, expected among them"):
        steer_features.main(flags(**{**command, "multiples": [2]}))
