"""The rules that ask a language model: off by default, and with a server they make explanations and scores."""

import json
import shutil

import language_model
import pandas as pd
import pytest
from language_model import oracle
from leaks import KEY, leaks
from planted import plant
from workflow_runs import jobs, new_folder, snakemake

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
ASKING = {"sample_contexts", "explain_features", "score_explanations"}


def config(folder, **llm):
    path = folder / "llm.yaml"
    path.write_text(json.dumps({"autointerp": {"llm": {"enabled": True, **llm}}}))
    return path


def test_nothing_is_asked_unless_the_config_says_so(tmp_path):
    folder = new_folder(tmp_path / "run")
    assert not ASKING & set(jobs(folder))
    planned = jobs(folder, more=(config(tmp_path, models=["A", "control"]),))
    assert {name: planned[name] for name in ASKING} == dict.fromkeys(
        ASKING, 4
    )  # headline dictionary and neurons of both


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"models": ["C"]}, "config autointerp.llm.models: C is not one of"),
        ({"asking": {"max_dollars": 3}}, "max_dollars"),
        ({"scorer": {"api": "other"}}, "other"),
    ],
)
def test_a_wrong_config_fails_at_once_and_names_it(tmp_path, wrong, named):
    done = snakemake(new_folder(tmp_path / "run"), "-n", more=(config(tmp_path, **wrong),))
    assert done.returncode != 0 and named in done.stdout


@pytest.mark.faults
def test_a_key_in_the_config_is_refused_and_not_shown(tmp_path, tried):
    folder, wrong = new_folder(tmp_path / "run"), {"url": f"https://me:{KEY}@host/v1", "key_variable": KEY}
    wrong |= {"key": KEY, "api_key": KEY}
    for name, value in wrong.items():
        done = snakemake(folder, "-n", more=(config(tmp_path, explainer={name: value}),))
        assert done.returncode != 0 and f"config autointerp.llm.explainer.{name}: " in done.stdout, done.stdout
        assert not leaks(done.stdout.encode()), done.stdout
    tried(
        "the key of a language model in the config: as its own entry, for the variable's name, in the URL",
        "refused without showing it, before anything is asked or logged",
    )


def test_the_rules_ask_explainer_and_scorer_and_leave_the_cache_alone(tmp_path):
    planted = tmp_path / "planted"
    planted.mkdir()
    plant(planted)
    folder = new_folder(tmp_path / "run")
    run = folder / "results/A/mlp_post/relu-w256"
    for target, names in {
        run: ["codes.safetensors", "codes.json", "features.parquet", "logits.safetensors"],
        folder / "results/tokens": ["val.json", "tokenizer.json"],
    }.items():
        target.mkdir(parents=True)
        for name in names:
            shutil.copy(planted / name, target / name)
    shutil.copytree(planted / "val.zarr", folder / "results/tokens/val.zarr")
    server = language_model.start(oracle)
    try:
        settings = config(
            tmp_path, explainer={"url": server.openai, "llm": "first"}, scorer={"llm": "second"}, n_features=2
        )
        wanted = [
            "results/A/mlp_post/relu-w256/autointerp/llm/scores.json",
            "--allowed-rules",
            *ASKING,
            "sample_examples",
        ]
        done = snakemake(folder, *wanted, more=(settings,))
        assert done.returncode == 0, done.stdout[-3000:]
        asked = [request["model"] for request in server.log]
        assert asked.count("first") == 2 and asked.count("second") == len(asked) - 2 > 0
        scores = pd.read_parquet(run / "autointerp/llm/scores.parquet")
        assert (scores["status"] == "ok").sum() >= 6
        assert json.loads((run / "autointerp/llm/scores.json").read_text())["scorer"] == "second"
        again = snakemake(folder, *wanted, "--forcerun", "explain_features", "score_explanations", more=(settings,))
        assert again.returncode == 0 and len(server.log) == len(asked), again.stdout[-3000:]
    finally:
        server.stop()
