"""A dictionary with another seed, or trained for shorter, by its name alone; and the figures that need them."""

import re

import pandas as pd
import pytest
from workflow_runs import new_folder, snakemake

from monosem.costs import recipe
from plot import correspondence as plot_correspondence
from plot import explained as plot_explained
from plot import universality_sweep as plot_universality_sweep

SETTINGS = {
    "precision": "auto",
    "sae": {"arch": "relu", "seed": 1, "vectors": 900, "lr": 0.1},
    "architectures": {"relu": {"l1": None}},
    "dictionaries": {"small": {"width": 8, "l1": 2.0}, "odd-seed3": {"width": 9, "l1": 1.0}},
    "theory": {"dictionaries": {"own": {"width": 4, "l1": 0.0}}},
}


def test_a_variant_differs_from_its_dictionary_in_what_its_name_says():
    small = recipe(SETTINGS, "small")
    assert recipe(SETTINGS, "small-seed7") == small | {"seed": 7}
    assert recipe(SETTINGS, "small-vectors500") == small | {"vectors": 500}
    assert recipe(SETTINGS, "small-vectors500-seed7") == small | {"vectors": 500, "seed": 7}


def test_dictionaries_of_experiments_have_recipes_as_all_others():
    assert recipe(SETTINGS, "own")["l1"] == 0 and recipe(SETTINGS, "own-seed7")["seed"] == 7


def test_a_dictionary_of_the_config_is_what_the_config_says_whatever_its_name():
    assert recipe(SETTINGS, "odd-seed3")["seed"] == 1
    assert recipe(SETTINGS, "odd-seed3-seed4")["seed"] == 4
    with pytest.raises(ValueError, match="small-width9: not in the config, which has small, odd-seed3, own; correct"):
        recipe(SETTINGS, "small-width9")


def test_shorter_trainings_are_planned_when_asked_for(tmp_path):
    """The default target has one more seed and no shorter training."""
    folder, figure = new_folder(tmp_path / "run"), "results/figures/universality_by_length.svg"
    short = tmp_path / "short.yaml"
    short.write_text("investigations: {correspondence: {vectors: [3000, 50000]}}\n")
    done = snakemake(folder, "-n", "-p", figure, more=(short,))
    assert done.returncode == 0, done.stdout[-3000:]
    trained = re.findall(r'train_sae\.py" .* --name (\S+) (?:.*\\?\n?)*?.*--vectors (\d+)', done.stdout)
    lengths = {"relu-w256": 40_000, "relu-w256-vectors3000": 3000, "relu-w256-vectors50000": 50_000}
    assert sorted((name, int(number)) for name, number in trained) == sorted([*lengths.items()] * 2)
    default = snakemake(folder, "-n", "-p", more=(short,)).stdout
    assert set(re.findall(r"--name (relu-w256-\S+)", default)) == {"relu-w256-seed2"}


@pytest.fixture
def ways(tmp_path):
    rows = [("dictionary", 512, 15.0, 0.8), ("dictionary", 2048, 18.0, 0.9), ("neurons", 20, 19.0, 0.7)]
    rows += [("small_mlp", 64, 20.0, 0.75), ("random", 20, 20.0, -1.4), ("pca", 20, 20.0, 0.5)]
    table = pd.DataFrame(rows, columns=["method", "size", "l0", "loss_recovered"])
    table.to_csv(tmp_path / "ways.tsv", sep="\t", index=False)
    (tmp_path / "explained.json").write_text('{"n_tokens": 1000, "model": "A"}')
    return tmp_path


def drawn(script, folder, *words):
    """Bytes of the figure, drawn twice, and its table."""
    files = []
    for name in ("one", "two"):
        output = folder / f"{name}.svg"
        script.main([*map(str, words), "--output", str(output), "--output-data", str(output.with_suffix(".tsv"))])
        files.append(output.read_bytes())
    assert files[0] == files[1]
    return pd.read_csv(folder / "one.tsv", sep="\t")


def test_the_figure_of_ways_shows_them_all(ways):
    words = ["--ways", ways / "ways.tsv", "--record", ways / "explained.json"]
    assert len(drawn(plot_explained, ways, *words)) == 6
    table = pd.read_csv(ways / "ways.tsv", sep="\t").replace("pca", "magic")
    table.to_csv(ways / "ways.tsv", sep="\t", index=False)
    with pytest.raises(ValueError, match="method magic: one of dictionary, small_mlp"):
        drawn(plot_explained, ways, *words)


def test_the_figure_of_pairs_leaves_the_dead_out_and_counts_the_unpaired(tmp_path):
    status = ["paired"] * 6 + ["alone", "dead"]
    correlation = [0.9, 0.8, 0.7, 0.5, 0.3, 0.1, None, None]
    columns = {"status": status, "correlation": correlation, "logit_correlation": correlation}
    frames = [pd.DataFrame({"comparison": name, **columns}) for name in ("seed", "model")]
    pd.concat(frames).to_parquet(tmp_path / "pairs.parquet")
    features = {"feature": range(8), "density": [0.1] * 7 + [0.0], "spearman": 0.5, "model_correlation": correlation}
    pd.DataFrame(features).to_csv(tmp_path / "features.tsv", sep="\t", index=False)
    record = '{"model": "A", "dictionary": "d", "n_tokens": 1000, "comparisons": {"seed": {}, "model": {}}}'
    (tmp_path / "record.json").write_text(record)
    words = ["--pairs", tmp_path / "pairs.parquet", "--features", tmp_path / "features.tsv"]
    table = drawn(plot_correspondence, tmp_path, *words, "--record", tmp_path / "record.json")
    assert len(table) == 14 and (table["correlation"] == 0).sum() == 2


def test_the_figure_of_a_sweep_is_in_order_whatever_that_of_the_records(tmp_path):
    for width, median in ((64, 0.4), (256, 0.6), (128, None)):
        correlation = {"n": 9, "q1": median, "median": median, "q3": median, "share_at_least_0.7": median}
        record = {"model": "A", "other": "B", "dictionary": f"d{width}", "n_tokens": 1000, "correlation": correlation}
        (tmp_path / f"{width}.json").write_text(pd.Series(record).to_json())
    records = [tmp_path / f"{width}.json" for width in (256, 64, 128)]
    words = ["--records", *records, "--axis", "features"]
    table = drawn(plot_universality_sweep, tmp_path, *words, "--at", 256, 64, 128)
    assert table["at"].tolist() == [64, 128, 256] and table["dictionary"].tolist() == ["d64", "d128", "d256"]
    assert table["median"].isna().tolist() == [False, True, False]
    with pytest.raises(ValueError, match="--at: 1 values of 3 records; give one each"):
        drawn(plot_universality_sweep, tmp_path, *words, "--at", 256)
