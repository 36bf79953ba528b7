"""The rules of the house for numbers that a machine can check: who reads them, and what may pass over NaN."""

import ast
from pathlib import Path

import pytest
from frames import asked, asked_of_frames
from places import SCRIPTS

PATHS = sorted(SCRIPTS.rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(SCRIPTS).with_suffix("").as_posix().removeprefix("monosem/")


# Whatever on a table passes over NaN, and why it may: `skipna=False` and `dropna=False` are for everything else.
PASSING_OVER = {
    ("autointerp/scores", "fillna"): "rows of features without windows: no text, no token, none counted, a status",
    ("autointerp/trials", "fillna"): "tests that were not asked cost nothing",
    ("figures/correspondence", "fillna"): "a feature that fires and has no partner is drawn at 0",
    ("figures/correspondence", "dropna"): "features without a partner have no logit correlation, some have no score",
    ("figures/text", "fillna"): "a category that one of the splits has nothing of",
    ("measures/matched_draws", "np.nanmedian"): "a feature that does not vary in a draw has no part in its median",
    ("figures/lines", "rolling"): "carries NaN on: a window with one has none",
    ("figures/lines", "mean"): "of that rolling window",
    (
        "findings/measurements",
        "dropna",
    ): "a difference of medians that there are not; single_token of too few examples to tell",
    ("investigations/correspondence", "fillna"): "a feature that fires and has no partner counts as not found again",
    ("investigations/families", "fillna"): "no parent",
    ("investigations/token_features", "dropna"): "single_token of a feature with too few examples to tell",
    ("pages/browser/relations", "dropna"): "texts that nothing was pinned for",
    ("pages/rating/agreement", "np.nanvar"): "what a rater left out; only units with two ratings count",
    ("pages/rating/ratings", "dropna"): "ratings that a rater left unfinished, counted beside",
    ("pages/rating/ratings", "fillna"): "a bonus that was not open",
    ("pages/rating/ratings", "count"): "of a list",
    ("pages/report/feature_map", "fillna"): "no parent, no cosine",
    ("pages/report/samples", "fillna"): "a status for features that were not scored",
    ("plot/steering", "fillna"): "an empty name in a .tsv",
}


def test_nothing_asked_of_a_table_passes_over_nan_but_what_was_judged():
    """A NaN that means 'wrong' must reach a record, which refuses it; `summary.defined` leaves NaN out by name."""
    trees = {path: ast.parse(path.read_text()) for path in PATHS}
    found = {(named(path), asked(node)) for path, node in asked_of_frames(trees)}
    assert found == set(PASSING_OVER), "mend it with skipna=False, or judge it and say here why it may"


@pytest.mark.parametrize(
    ("line", "passes_over"),
    [
        ("def f(t: pd.DataFrame): return t['x'].mean()", True),
        ("def f(t: pd.DataFrame): return t['x'].mean(skipna=False)", False),
        ("def f(t: pd.DataFrame):\n for _, rows in t.groupby('a'):\n  print(rows['x'].median())", True),
        ("def f(t: pd.DataFrame):\n a, b = 1, t.loc[t['x'] > 0, 'x']\n return b.idxmax()", True),
        ("def f(t: pd.DataFrame): return t['x'].to_numpy().mean()", False),
        ("def f(x: np.ndarray): return x.mean() + np.nanmean(x)", True),
        ("def f(x: np.ndarray): return x.mean()", False),
        ("def f(t: pd.DataFrame): return t.assign(x=lambda rows: rows['x'].mean())", True),
        ("def f(t: Tensor): return compiled(lambda x: x.sum())(t)", False),
    ],
)
def test_what_passes_over_nan_is_found(line, passes_over):
    assert bool(asked_of_frames({Path("f.py"): ast.parse(line)})) == passes_over


READERS_AND_WRITERS = {  # of numbers: the one module that may call it, so that what it reads is finite
    "safe_open": {"ground/tensors"},
    "load_file": set(),
    "read_parquet": {"ground/records"},
    "read_csv": {"ground/tables", "pages/rating/ratings"},  # ratings read as text, checked cell by cell
    "ParquetFile": {"autointerp/windows"},
}


@pytest.mark.parametrize("name", READERS_AND_WRITERS)
def test_files_of_numbers_are_read_in_one_place(name):
    calls = {
        named(path)
        for path in PATHS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name
    }
    assert calls == READERS_AND_WRITERS[name]
