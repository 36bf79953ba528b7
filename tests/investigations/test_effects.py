"""Ablations against the model run with the feature taken away, and against what is linear in it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from places import SCRIPTS
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from sharp_models import sharp_model
from small_run import flags
from texts import packed

import ablate_features
import find_automata
import steer_features
from monosem.investigations.ablation import Pairs, ablate, draw_pairs, measure_pairs, written_to_residual
from monosem.investigations.attribution import (
    correlations,
    feature_rows,
    logit_weights,
    record_fields,
    strata,
    with_attributions,
)
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel, LMConfig, token_losses
from monosem.measures.codes import Codes
from monosem.text.tokens import counted
from plot import effects as plot_effects

POST = Site("mlp_post", 0)
F, N, V = 6, 12, 11


@pytest.fixture
def model():
    return sharp_model(LMConfig(V, 8, 1, 8, 2, N))


@pytest.fixture
def tokens_SL():
    tokens_SL = np.random.default_rng(0).integers(0, V, (90, 8)).astype(np.uint16)
    tokens_SL[:, 0] = 0
    return tokens_SL


@pytest.fixture
def codes(tokens_SL):
    """Feature 5 never fires."""
    rng, n_tokens = np.random.default_rng(1), int(counted(tokens_SL, 0).sum())
    dense_TF = rng.exponential(1, (n_tokens, F)) * (rng.random((n_tokens, F)) < 0.3)
    dense_TF[:, 5] = 0
    return Codes(csr_array(dense_TF.astype(np.float32)))


@pytest.fixture
def directions_FN():
    return torch.nn.functional.normalize(torch.randn(F, N, generator=torch.Generator().manual_seed(3)))


def measured(model, tokens_SL, codes, directions_FN, site=POST, n_each=10**6):
    pairs = draw_pairs(codes, packed(tokens_SL), n_each, seed=0)
    return pairs, measure_pairs(model, tokens_SL, pairs, written_to_residual(model, directions_FN, site))


@pytest.mark.parametrize("name", ["mlp_post", "mlp_out", "resid_post"])
def test_an_ablation_is_the_model_run_without_the_feature(model, tokens_SL, codes, directions_FN, name):
    site = Site(name, 0)
    directions_FN = directions_FN[:, : model.config.site_width(site)]
    pairs, table = measured(model, tokens_SL, codes, directions_FN, site)
    mask_SL = counted(tokens_SL, 0)
    ids_SL = torch.from_numpy(tokens_SL.astype(np.int64))
    clean_SL = token_losses(model, ids_SL)
    for feature in range(F):
        act_SL = np.zeros(tokens_SL.shape, dtype=np.float32)
        act_SL[mask_SL] = codes.matrix[:, [feature]].toarray()[:, 0]
        taken_SLN = torch.from_numpy(act_SL)[:, :, None] * directions_FN[feature]
        lost_SL = token_losses(model, ids_SL, {site: lambda x, taken=taken_SLN: x - taken}) - clean_SL
        own = pairs.feature_Z == feature
        expected = lost_SL[pairs.context_Z[own], pairs.position_Z[own]].numpy()
        assert table["effect"][own].to_numpy() == pytest.approx(expected, abs=1e-4)
        assert own.sum() == (act_SL[:, :-1] > 0).sum() and (own.any() or feature == 5)


def test_ablating_what_is_not_used_changes_nothing(model, tokens_SL, codes, directions_FN):
    x_PD = torch.randn(50, 8)
    found = ablate(model, x_PD, torch.arange(50) % V, torch.arange(50), torch.zeros(50, 8))
    for name in ("effect", "frozen", "gradient", "size"):
        assert found[name].numpy() == pytest.approx(0, abs=1e-5), name
    pairs, table = measured(model, tokens_SL, codes, directions_FN)
    assert 5 not in pairs.feature_Z and len(table) == pairs.feature_Z.size


def test_what_is_small_is_as_the_gradient_says(model, tokens_SL, codes, directions_FN):
    small = Codes(codes.matrix * np.float32(0.01))
    _, table = measured(model.double(), tokens_SL, small, directions_FN.double())
    assert table["effect"].to_numpy() == pytest.approx(table["gradient"].to_numpy(), abs=1e-3)
    assert np.corrcoef(table["effect"], table["gradient"])[0, 1] > 0.9999


def test_with_the_divisor_kept_logits_move_by_logit_weights(model, tokens_SL, codes, directions_FN):
    """The shift of each row to median 0 moves all logits alike, which the softmax does not see."""
    pairs, table = measured(model, tokens_SL, codes, directions_FN)
    logits_SLV = model(torch.from_numpy(tokens_SL.astype(np.int64))) @ model.W_U_DV
    logits_ZV = logits_SLV[pairs.context_Z, pairs.position_Z].detach()
    moved_ZV = model.logit_weights(directions_FN, POST)[pairs.feature_Z] * torch.from_numpy(
        (pairs.act_Z / table["divisor"].to_numpy())[:, None]
    )
    parts = [
        part_ZV.log_softmax(dim=1)[range(len(part_ZV)), pairs.next_Z] for part_ZV in (logits_ZV, logits_ZV - moved_ZV)
    ]
    assert table["frozen"].to_numpy() == pytest.approx((parts[0] - parts[1]).numpy(), abs=1e-4)


def test_pairs_are_of_tokens_with_a_next_one_and_no_more_than_asked(tokens_SL, codes):
    pairs = draw_pairs(codes, packed(tokens_SL), 7, seed=0)
    assert np.bincount(pairs.feature_Z, minlength=F).tolist() == [7] * 5 + [0]
    assert (pairs.next_Z == tokens_SL[pairs.context_Z, pairs.position_Z + 1]).all()
    token_T = np.cumsum(counted(tokens_SL, 0)).reshape(tokens_SL.shape) - 1
    rows = token_T[pairs.context_Z, pairs.position_Z]
    assert (codes.matrix[rows, pairs.feature_Z] == pairs.act_Z).all() and (np.diff(rows) >= 0).all()
    again = draw_pairs(codes, packed(tokens_SL), 7, seed=0)
    assert all((left == right).all() for left, right in zip(pairs, again, strict=True))
    assert (draw_pairs(codes, packed(tokens_SL), 7, seed=1).position_Z != pairs.position_Z).any()


def test_lower_layers_are_refused(directions_FN):
    deep = LanguageModel(LMConfig(V, 8, 2, 8, 2, N), seed=0)
    with pytest.raises(ValueError, match="site mlp_post-l0: ablations are of the last of 2 layers only"):
        written_to_residual(deep, directions_FN, POST)


def pairs_table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"feature": np.arange(n) % 20, "effect": rng.normal(size=n), "size": rng.random(n)})
    return table.assign(
        attribution=2 * table["effect"], divided=-table["effect"], gradient=0.0, frozen=rng.normal(size=n)
    )


def test_correlations_say_what_was_planted():
    table = pairs_table()
    found = correlations(table)
    assert (found["attribution"], found["divided"]) == pytest.approx((1, -1)) and abs(found["frozen"]) < 0.2
    assert np.isnan(found["gradient"])
    density_F = np.logspace(-5, -0.5, 20)
    by_stratum, features = strata(table, density_F), feature_rows(table, density_F)
    assert by_stratum.groupby("stratum")["n"].sum().tolist() == [400, 400]
    assert by_stratum["attribution"].to_numpy() == pytest.approx(1)
    assert len(features) == 20 and features["r_divided"].to_numpy() == pytest.approx(-1)
    assert features["mean_effect"].to_numpy() == pytest.approx(table.groupby("feature")["effect"].mean().to_numpy())
    fields = record_fields(table, features, by_stratum, np.arange(len(table)) % 30)
    assert fields["correlation"]["gradient"] is None and fields["by_size"]["largest"]["attribution"] == pytest.approx(1)
    json.dumps(fields, allow_nan=False)


def test_without_pairs_there_are_no_numbers():
    table, density_F = pairs_table(0), np.zeros(3)
    fields = record_fields(table, feature_rows(table, density_F), strata(table, density_F), np.zeros(0))
    assert fields["n_pairs"] == 0 and set(fields["correlation"].values()) == {None} and fields["share_helpful"] is None


def test_attributions_are_activation_times_the_weight_on_the_next_token(tmp_path):
    weights_FV = np.random.default_rng(0).normal(size=(2000, V)).astype(np.float16)
    save_file({"logit_weights": weights_FV}, tmp_path / "logits.safetensors")
    feature_Z = np.array([3, 1999, 1024, 0])
    pairs = Pairs(feature_Z, np.array([1.0, 2, 3, 4]), feature_Z, feature_Z, np.array([0, 10, 5, 5]))
    weight_Z = logit_weights(tmp_path / "logits.safetensors", pairs)
    assert (weight_Z == weights_FV[feature_Z, pairs.next_Z]).all()
    table = with_attributions(pd.DataFrame({"act": pairs.act_Z, "divisor": 2.0}), weight_Z)
    assert table["divided"].tolist() == (pairs.act_Z * weight_Z / 2).tolist()
    with pytest.raises(ValueError, match="2000 features, 11 tokens: fewer than the codes have; rerun its rule"):
        logit_weights(tmp_path / "logits.safetensors", pairs._replace(next_Z=pairs.next_Z + 1))


@pytest.fixture
def command(tokens, lm, acts, sae, evaluated, tmp_path):
    values = {"model": lm / "weights.safetensors", "acts_record": acts.with_suffix(".json"), "pairs": 9, "seed": 0}
    values |= {"tokens": tokens / "val.zarr", "sae": sae / "sae.safetensors", "threads": 1, "device": "cpu"}
    values |= {"codes": evaluated / "codes.safetensors", "codes_record": evaluated / "codes.json"}
    values |= {"logits": evaluated / "logits.safetensors", "output_pairs": tmp_path / "pairs.parquet"}
    values |= {"output_features": tmp_path / "features.parquet", "output_strata": tmp_path / "strata.tsv"}
    return values | {"output_record": tmp_path / "effects.json"}


def test_the_scripts_ablate_a_trained_dictionary_and_draw_it(command, tmp_path, as_script):
    as_script("ablate_features.py")
    ablate_features.main(flags(**command))
    record, pairs = json.loads((tmp_path / "effects.json").read_text()), pd.read_parquet(tmp_path / "pairs.parquet")
    assert record["investigation"] == "effects" and record["n_pairs"] == len(pairs) > 20
    assert record["correlation"]["gradient"] is not None and pairs.groupby("feature").size().max() <= 9
    drawn = {
        "record": tmp_path / "effects.json",
        "pairs": tmp_path / "pairs.parquet",
        "strata": tmp_path / "strata.tsv",
    }
    for name in ("first", "second"):
        plot_effects.main(flags(**drawn, output=tmp_path / f"{name}.svg", output_data=tmp_path / f"{name}.tsv"))
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    assert len(pd.read_csv(tmp_path / "first.tsv", sep="\t")) > 4


def test_codes_of_other_tokens_are_refused(command, tokens, tmp_path):
    record = json.loads(command["codes_record"].read_text()) | {"tokens_digest": "other"}
    (tmp_path / "codes.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="made from other tokens than"):
        ablate_features.main(flags(**{**command, "codes_record": tmp_path / "codes.json"}))
    assert not (tmp_path / "pairs.parquet").exists()


@pytest.mark.parametrize("module", [ablate_features, steer_features, find_automata], ids=lambda module: module.__name__)
def test_the_example_of_the_help_is_a_command_that_parses(module):
    script = Path(module.__file__).relative_to(SCRIPTS).as_posix()
    example = module.__doc__.split(f"{script} ", 1)[1].split("\n\n")[0].replace("\\\n", " ")
    module.parse_args(example.split())
