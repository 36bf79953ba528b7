"""compare_penalties.py, compare_targets.py and fit_naming.py on tiny dictionaries that the scripts before them made."""

from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pandas as pd
import pytest
from investigated import nothing
from small_run import evaluate_flags, flags, make_acts, sae_flags

import draw_directions
import evaluate_dictionary
import match_features
import sample_examples
import score_features
import train_sae
from monosem.findings import theory_why
from monosem.findings.scoreboard import NOT_RUN, judge
from monosem.ground.artefacts import read_json
from monosem.text.tokenizer import load_vocabulary
from theory import compare_penalties, compare_targets, fit_naming

QUOTAS = {
    f"{role}_{kind}": 3 for role in ("explain", "score") for kind in ("top", "interval", "random", "out_of_context")
}


def explained(folder, packed, corpus, model, site, name):
    """What sample_examples.py and score_features.py leave beside an evaluated dictionary."""
    examples = folder / "examples.parquet"
    where = {
        "codes": folder / "codes.safetensors",
        "codes_record": folder / "codes.json",
        "tokens": packed / "val.zarr",
        "output_record": folder / "examples.json",
    }
    sample_examples.main(flags(**where, **QUOTAS, seed=0, width=5, intervals=4, min_active=5, output=examples))
    names = {"model": model, "site": site, "dictionary": name}
    read = {"examples": examples, "features": folder / "features.parquet", "tokenizer": corpus.tokenizer}
    outputs = {f"output_{kind}": folder / f"{kind}.parquet" for kind in ("explanations", "scores")}
    outputs |= {"output_summary": folder / "scores.json"}
    score_features.main(flags(**names, **read, shrinkage=1, single_token_min=2, **outputs))


def made(packed, corpus, lm, stored, folder, name, site="mlp_post", **recipe):
    """A trained, evaluated and explained dictionary; of neurons and of random directions, all but the training."""
    if recipe:
        train_sae.main(sae_flags(stored, folder, name=name, vectors=1280, **recipe))
    none = {"sae": None, "sae_record": None} if name == "neurons" else {}
    none |= {} if recipe else {"loss_tokens": None}
    evaluate_dictionary.main(evaluate_flags(packed, lm, stored, folder, folder, name=name, **none))
    explained(folder, packed, corpus, "A", site, name)
    return folder


def outputs_of(folder, name):
    kinds = {"output": "tsv", "output_figure": "svg", "output_record": "json"}
    return {flag: folder / f"{name}.{suffix}" for flag, suffix in kinds.items()}


def checked(outputs):
    """Table and record; the figure is one, and findings are judged by the record."""
    assert ElementTree.parse(outputs["output_figure"]).getroot().tag.endswith("svg")
    record = read_json(outputs["output_record"])
    run = replace(nothing(), investigations={record["investigation"]: record})
    judged = [row for row in (judge(finding, run) for finding in theory_why.ROWS) if row["verdict"] != NOT_RUN]
    assert {row["run"] for row in judged} == {f"({record['note']})"}
    return SimpleNamespace(table=pd.read_csv(outputs["output"], sep="\t"), record=record, judged=judged)


def test_penalties_down_to_none_beside_neurons_and_directions(tokens, corpus, lm, acts, tmp_path):
    swept = [made(tokens, corpus, lm, acts, tmp_path / f"l{l1}", f"l{l1}", l1=l1) for l1 in (0, 2)]
    random = tmp_path / "random"
    drawn = {"n_directions": 6, "density": 0.2, "sample": 500, "seed": 0, "threads": 1}
    written = {"output": random / "sae.safetensors", "output_record": random / "sae.json"}
    draw_directions.main(flags(acts=acts, name="random", **drawn, **written))
    others = [made(tokens, corpus, lm, acts, tmp_path / name, name) for name in ("neurons", "random")]
    files = {"evals": "eval.json", "features": "features.parquet", "scores": "scores.parquet"}
    given = {flag: [folder / file for folder in swept] for flag, file in files.items()}
    given |= {f"other_{flag}": [folder / file for folder in others] for flag, file in files.items()}
    given |= {"sae_records": [folder / "sae.json" for folder in swept], "seed": 0}
    compare_penalties.main(flags(**given, usual=2, **(outputs := outputs_of(tmp_path, "penalties"))))
    found = checked(outputs)
    none, usual = found.record["none"], found.record["usual"]
    assert (
        none["l0"] > usual["l0"] and none["explained_variance"] > usual["explained_variance"] and none["penalty"] == 0
    )
    assert found.table["dictionary"].tolist() == ["l0", "l2", "neurons", "random"]
    assert len(found.judged) == 4 and found.record["neurons"]["cosine"] is None


@pytest.fixture(scope="module")
def places(tokens, corpus, lm, acts, tmp_path_factory):
    """A dictionary on the neurons and one on what the MLP adds to the logits, each matched with another of its kind."""
    folder, found = tmp_path_factory.mktemp("places"), {}
    for site in ("mlp_post", "logits"):
        stored = acts if site == "mlp_post" else make_acts(tokens, lm, folder, site=site)
        recipe = {"arch": "topk", "l1": None, "k": 4, "k_aux": 4, "aux": 0.03, "resample_at": []}
        own, other = (
            made(tokens, corpus, lm, stored, folder / site / str(seed), "t", site, seed=seed, **recipe)
            for seed in (1, 2)
        )
        sides = {f"{kind}_{side}": path / file for side, path in (("a", own), ("b", other))
                 for kind, file in (("codes", "codes.safetensors"), ("record", "codes.json"))}  # fmt: skip
        matched = {"output": own / "matches.parquet", "output_record": own / "matches.json"}
        match_features.main(flags(model="A", other="B", site=site, dictionary="t", top_k=2, **sides, **matched))
        found[site] = (own, other)
    return found


def target_flags(places, tokens, corpus, lm, **changed):
    own = {"evals": "eval.json", "matches": "matches.json", "scores": "scores.parquet", "codes": "codes.safetensors"}
    own |= {"codes_records": "codes.json", "logits": "logits.safetensors"}
    given = {flag: [pair[0] / file for pair in places.values()] for flag, file in own.items()}
    given |= {"other_evals": [pair[1] / "eval.json" for pair in places.values()], "model": lm / "weights.safetensors"}
    given |= {"sae": places["mlp_post"][0] / "sae.safetensors", "sae_record": places["mlp_post"][0] / "sae.json"}
    given |= {"tokens": tokens / "val.zarr", "sample": 200}
    given |= {"tokenizer": corpus.tokenizer, "word": word_of(corpus), "promoted": 3, "min_active": 5, "seed": 0}
    return given | {"min_focus": 0.2, "min_coverage": 0.5} | changed


def word_of(corpus):
    return next(word for word in load_vocabulary(corpus.tokenizer) if word.strip() in ("a", "the"))


def test_targets_are_measured_alike_and_the_unseen_share_is_that_of_the_neurons(places, tokens, corpus, lm, tmp_path):
    outputs = outputs_of(tmp_path, "targets")
    compare_targets.main(flags(**target_flags(places, tokens, corpus, lm), **outputs))
    found = checked(outputs)
    assert list(found.record["sites"]) == ["mlp_post", "logits"] and found.record["null_space"]["dimensions"] == 0.5
    for own in found.record["sites"].values():
        assert own["l0"] <= 4 and own["nats"] == pytest.approx(own["nats"]) and -1 <= own["universality"] <= 1
    assert found.record["sites"]["logits"]["word"]["n"] == (found.table["site"] == "logits").sum() - 1
    assert found.record["sites"]["mlp_post"]["score_less"] == 0 and 0 <= found.record["null_space"]["decoder"] <= 1
    assert (found.table["what"] == "site").sum() == 2


def test_a_word_that_is_no_token_and_a_first_place_that_is_not_the_neurons_are_errors(
    places, tokens, corpus, lm, tmp_path
):
    outputs = outputs_of(tmp_path, "targets")
    with pytest.raises(ValueError, match="--word 'nonsense': not one token of"):
        compare_targets.main(flags(**target_flags(places, tokens, corpus, lm, word="nonsense"), **outputs))
    turned = {"logits": places["logits"], "mlp_post": places["mlp_post"]}
    with pytest.raises(ValueError, match="the first is of logits, not of mlp_post"):
        compare_targets.main(flags(**target_flags(turned, tokens, corpus, lm), **outputs))
    other = tmp_path / "sae.json"
    other.write_text('{"lm_digest": "feed"}')
    with pytest.raises(ValueError, match=r"weights.safetensors: model \w+, but its record .* of feed"):
        compare_targets.main(flags(**target_flags(places, tokens, corpus, lm, sae_record=other), **outputs))
    assert not outputs["output"].exists()


def timed(path, seconds):
    pd.DataFrame({"s": [seconds], "max_rss": [1.0]}).to_csv(path, sep="\t", index=False)
    return path


def written(folder, name, tables, record):
    """Tables and record of one dictionary; returns their paths."""
    (folder / name).mkdir()
    paths = [folder / name / f"{kind}.parquet" for kind in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        pd.DataFrame(table).to_parquet(path)
    (folder / name / "scores.json").write_text(pd.Series({"model": "A", "site": "mlp_post", **record}).to_json())
    return [*paths, folder / name / "scores.json"]


def naming_flags(folder, sizes=(4, 8)):
    offline = []
    for n in sizes:
        table = {"feature": range(n), "spearman": [0.1 * n] * n, "n_predictions": [50] * n}
        offline.append(written(folder, f"w{n}", {"scores": table}, {"dictionary": f"w{n}"}))
    given = {"tables": [paths[0] for paths in offline], "scores": [paths[1] for paths in offline]}
    for flag in ("sampled", "scored"):
        given[flag] = [timed(folder / f"{flag}{n}.tsv", 1 + n / 10) for n in sizes]
    return given | {"sizes": [16], "usd_in": 1, "usd_out": 5, "seed": 0}


def test_naming_with_the_token_table_alone(tmp_path):
    fit_naming.main(flags(**naming_flags(tmp_path), **(outputs := outputs_of(tmp_path, "naming"))))
    found = checked(outputs)
    offline = found.record["curves"]["offline"]
    assert offline["work"]["exponent"] == pytest.approx(1) and offline["quality"]["per_doubling"] == pytest.approx(0.4)
    assert found.record["sizes"]["offline"]["16"]["seconds"] == pytest.approx(2 * (1 + 1.6))
    assert {path.rsplit("/", 1)[1] for path in found.record["inputs"]} == {"scores.json", "scores.parquet"}, "no times"
    assert {row["id"] for row in found.judged} == {
        "naming-quality-holds"
    }  # two sizes leave an exponent without an error


def test_naming_with_a_language_model_too(tmp_path):
    given = naming_flags(tmp_path, sizes=(4, 8, 16))
    explanations = {"feature": [0, 1, 2, 3], "key": ["a", "b", "", ""], "tokens_in": [100, 300, 0, 0], "tokens_out": 10}
    tests = {
        "feature": [0, 1, 2, 3, 0],
        "task": ["simulation"] * 4 + ["logits"],
        "spearman": [0.2, 0.4, None, None, None],
    }
    tests |= {"n_requests": [1, 1, 0, 0, 2], "tokens_in": [100, 100, 0, 0, 100], "tokens_out": 0, "usd": 0.5}
    tables = {"explanations": explanations | {"usd": 0.5}, "tests": tests}
    explained, tested, record = written(tmp_path, "llm", tables, {"dictionary": "w4", "explainer": "m"})
    given |= {"llm_tables": [tested], "llm_explanations": [explained], "llm_scores": [record]}
    given |= {flag: [timed(tmp_path / f"{flag}.tsv", 10)] for flag in ("llm_explained", "llm_tested")}
    fit_naming.main(flags(**given, **(outputs := outputs_of(tmp_path, "naming"))))
    found = checked(outputs)
    row = found.table.set_index("client").loc["m"]
    assert (row["calls"], row["tokens_in"], row["n_asked"], row["n_scored"]) == (6, 700, 2, 2)
    assert row["usd_paid"] == pytest.approx(2.5) and row["seconds"] == 20
    assert found.record["curves"]["m"]["work"]["factor"] == pytest.approx(360)
    assert found.record["against_offline"]["difference"] == pytest.approx(0.3 - 0.4)
    assert {row["id"] for row in found.judged} == {
        finding.id for finding in theory_why.ROWS if finding.figure == "naming"
    }
