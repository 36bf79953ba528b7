import itertools
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import synthetic_runs
from matplotlib.colors import to_rgb
from places import SCRIPTS
from synthetic_runs import files

from monosem.figures.histograms import Row, densities, histogram_rows
from monosem.figures.lines import pareto, pareto_points
from monosem.figures.script import parse
from monosem.figures.style import COLOURS, WHITEGRID, theme
from monosem.ground.records import RUN, Run

RUNS = "[AB]/mlp_post/relu-*"
SCORED = "*/mlp_post/*/autointerp"
INPUTS = {
    "training": {"--models": "AB", "--train": "[AB]/lm/train.tsv", "--eval": "[AB]/mlp_post/relu-w128/eval.json"},
    "dictionary_training": {"--eval": f"{RUNS}/eval.json", "--train": f"{RUNS}/train.tsv"},
    "density": {"--eval": f"{RUNS}/eval.json", "--features": f"{RUNS}/features.parquet"},
    "pareto": {"--eval": "*/mlp_post/*/eval.json", "--sae": "*/mlp_post/*/sae.json"},
    "scores": {"--scores": f"{SCORED}/scores.json", "--tables": f"{SCORED}/scores.parquet"},
    "score_strata": {"--headline": "relu-w128", "--estimates": "autointerp/estimates.tsv"},
    "universality": {"--records": "universality/*/*.json", "--matches": "universality/*/*.parquet"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_runs.write_all(tmp_path_factory.mktemp("results"))


def test_the_theme_is_seaborns_and_is_set_without_it():
    import seaborn as sns

    expected = {**sns.axes_style("whitegrid"), **sns.plotting_context("notebook", 0.85)}
    del expected["image.cmap"]  # which seaborn registers, and no figure leaves to the default
    assert set(WHITEGRID) == set(expected)
    for name, value in expected.items():
        assert WHITEGRID[name] == (pytest.approx(value) if isinstance(value, float) else value), name
    code = "import sys; from plot import purity; from monosem.figures.style import theme\nwith theme(): pass\n"
    code += "assert 'matplotlib' in sys.modules; assert 'seaborn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SCRIPTS)


def arguments(name: str, results: Path, output: Path) -> list[str]:
    words = []
    for flag, pattern in INPUTS[name].items():
        given = {"--models": list(pattern), "--headline": [pattern]}.get(flag)
        words += [flag, *(given or files(results, pattern))]
    return [*words, "--output", str(output), "--output-data", str(output.with_suffix(".tsv"))]


def draw(name: str, results: Path, output: Path) -> None:
    import_module(f"plot.{name}").main(arguments(name, results, output))


@pytest.mark.parametrize("name", INPUTS)
def test_every_figure_is_drawn_with_its_numbers_and_equal_data_gives_equal_bytes(name, results, tmp_path):
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    draw(name, results, first)
    draw(name, results, second)
    assert first.read_bytes() == second.read_bytes()
    assert ElementTree.parse(first).getroot().tag.endswith("svg")
    assert str(tmp_path) not in first.read_text() and str(results) not in first.read_text()
    assert not re.search(r"<dc:date>", first.read_text())
    assert len(pd.read_csv(first.with_suffix(".tsv"), sep="\t")) > 0
    assert first.with_suffix(".tsv").read_bytes() == second.with_suffix(".tsv").read_bytes()


def test_a_plot_script_runs_from_anywhere_and_says_how(results, tmp_path):
    output = tmp_path / "pareto.svg"
    command = [sys.executable, SCRIPTS / "plot/pareto.py", *arguments("pareto", results, output)]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert output.is_file()
    shown = subprocess.run([*command[:2], "--help"], check=True, capture_output=True, text=True).stdout
    assert "Example:" in shown and "--output-data" in shown


@pytest.mark.parametrize("name", sorted(path.stem for path in (SCRIPTS / "plot").glob("*.py")))
def test_the_example_of_the_help_is_a_command_that_parses(name):
    module = import_module(f"plot.{name}")
    _, example = module.__doc__.split(f"plot/{name}.py ", 1)
    args = parse(module.__doc__, module.FLAGS, shlex.split(example.replace("\\\n", " ")))
    assert args.output.suffix == ".svg" and args.output_data.suffix == ".tsv"


def test_the_table_beside_pareto_holds_the_recovered_loss_and_no_neurons(results, tmp_path):
    draw("pareto", results, tmp_path / "pareto.svg")
    table = pd.read_csv(tmp_path / "pareto.tsv", sep="\t").set_index(["model", "dictionary"])
    assert table.loc[("A", "relu-w64"), "loss_recovered"] == pytest.approx(0.8 + 0.064)
    assert table.loc[("A", "relu-w64"), "recipe"] == "relu, 64 features"
    assert "neurons" not in table.index.get_level_values("dictionary")


def test_a_line_joins_dictionaries_of_one_recipe_and_an_evaluation_alone_is_no_point():
    runs = {name: Run("A", "mlp_post", name) for name in ("weak", "strong", "wide", "unknown")}
    records = {run: synthetic_runs.eval_record("A", "relu-w64") for run in runs.values()}
    records[runs["wide"]] |= {"n_features": 4096}
    origins = {runs[name]: {"architecture": "relu"} for name in ("weak", "strong", "wide")}
    points = pareto_points(records, origins)
    assert points["dictionary"].tolist() == ["weak", "strong", "wide"]
    with theme():
        figure, _ = pareto(points)
    assert sorted(len(line.get_xdata()) for line in figure.axes[0].lines if line.get_zorder() == 0) == [1, 2]
    with pytest.raises(ValueError, match="no eval record beside the sae record of its dictionary"):
        pareto_points(records, {})


def test_the_density_axis_has_room_for_every_feature_and_the_label_counts_the_dead():
    run = Run("A", "mlp_post", "relu-w64")
    features = pd.DataFrame({"feature": [0, 1, 2], "density": [0.0, 1e-9, 0.5], "status": ["dead", "alive", "alive"]})
    with theme():
        figure, _ = densities(features.assign(**run._asdict())[[*RUN, *features]], {run: 1234})
    axes = figure.axes[0]
    assert axes.get_xlim()[0] < -9
    assert "2 of 3 fired within 1,234 tokens" in axes.get_title(loc="left")
    assert sum(bar.get_height() for bar in axes.patches[:50]) == pytest.approx(1)


def test_rows_without_values_are_shown_as_such():
    figure = histogram_rows([Row("empty", np.array([np.nan]), "red", 0.5)], "title", "x", (0, 1))
    assert "no values" in [text.get_text() for text in figure.axes[0].texts]
    with pytest.raises(ValueError, match="nothing to draw"):
        histogram_rows([], "title", "x", (0, 1))


def test_a_single_point_and_a_model_of_another_name_can_be_drawn(tmp_path):
    path = synthetic_runs.write_json(tmp_path / "eval.json", synthetic_runs.eval_record("C", "relu-w64", l0=300.0))
    origin = synthetic_runs.write_json(tmp_path / "sae.json", synthetic_runs.sae_record("C", "relu-w64"))
    output = ["--output", str(tmp_path / "p.svg"), "--output-data", str(tmp_path / "p.tsv")]
    import_module("plot.pareto").main(["--eval", str(path), "--sae", str(origin), *output])
    assert (tmp_path / "p.svg").is_file()


def test_tables_and_records_of_different_number_are_refused(results, tmp_path):
    words = arguments("density", results, tmp_path / "density.svg")
    del words[1]
    with pytest.raises(ValueError, match="4 tables beside 3 records"):
        import_module("plot.density").main(words)
    assert not (tmp_path / "density.svg").exists()


def test_a_table_without_a_needed_column_is_named(results, tmp_path):
    path = synthetic_runs.write_frame(tmp_path / "train.tsv", pd.DataFrame({"step": [1]}))
    record = files(results, "A/mlp_post/relu-w64/eval.json")
    words = ["--eval", *record, "--train", str(path), "--output", "x.svg", "--output-data", "x.tsv"]
    with pytest.raises(ValueError, match=r"train.tsv: has no column vectors, mse, l0"):
        import_module("plot.dictionary_training").main(words)


def test_the_palette_can_be_told_apart_without_colour_vision():
    """Machado et al. 2009 deuteranopia and protanopia matrices; distances in linear RGB, the darkest pair included."""
    deutan = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    protan = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    for matrix in (deutan, protan):
        seen = [np.array(matrix) @ np.array(to_rgb(colour)) for colour in COLOURS.values()]
        assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 0.15
