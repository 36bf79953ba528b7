"""Interpretability rated by people: what is drawn and blinded, and what is made of raters' files."""

import csv
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs
from hypothesis import given
from hypothesis import strategies as st
from rating_page import HEADLINE, RUNS, build

import collect_ratings
from monosem.pages.rating.agreement import krippendorff_alpha
from monosem.pages.rating.items import FEWEST, intervals_with_windows
from monosem.pages.rating.rubric import MAXIMUM, PARTS, needed, total

COLUMNS = ["page", "rater", "item", *(part.name for part in PARTS), "interpretation"]
PERFECT = {"confidence": 3, "activations": 5, "logits": 3, "separation": "", "specificity": 3}
IMPERFECT = {"confidence": 2, "activations": 3, "logits": 1, "separation": 1, "specificity": 0}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the page, index.html, and key.json."""
    return build(tmp_path_factory.mktemp("rating"))


@pytest.fixture
def key(built) -> dict:
    return json.loads((built / "key.json").read_text())


def write_csv(path: Path, rows: list[dict], **changes: object) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([{"interpretation": "", **row, **changes} for row in rows])
    return path


def collect(built: Path, *files: Path) -> tuple[pd.DataFrame, dict]:
    outputs = ["--output", str(files[0].with_suffix(".tsv")), "--output-record", str(files[0].with_suffix(".json"))]
    collect_ratings.main(["--key", str(built / "key.json"), "--ratings", *map(str, files), *outputs])
    record = json.loads(files[0].with_suffix(".json").read_text())
    return pd.read_csv(files[0].with_suffix(".tsv"), sep="\t"), record


def page_of(built: Path) -> str:
    return (built / "index.html").read_text()


def data_of(built: Path) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page_of(built), re.S)[1])


def test_the_page_does_not_tell_what_its_items_are_of(built, key):
    page, data = page_of(built), data_of(built)
    for name in ("relu", "neuron", "control", "mlp_post", "feature", "dictionary"):
        assert name not in page.lower(), name
    assert len(data["items"]) == len(key["items"]) and data["page"] == key["page"]
    assert all(set(item) == {"windows", "promoted"} for item in data["items"])
    assert {item["dictionary"] for item in key["items"]} == {HEADLINE, "neurons"}
    assert {item["model"] for item in key["items"]} == {"A", "control"}


def test_kinds_are_mixed_in_the_order_of_the_page(key):
    kinds = [(item["model"], item["dictionary"]) for item in key["items"]]
    changes = sum(one != other for one, other in itertools.pairwise(kinds))
    assert changes > len(kinds) / 3


def test_every_dictionary_gives_as_many_features_and_each_of_its_intervals_is_one_that_has_windows(built, key):
    items = pd.DataFrame(key["items"])
    assert items.groupby(["model", "dictionary"])["feature"].nunique().tolist() == [6] * len(RUNS)
    assert items.duplicated().sum() == 0
    for (model, dictionary), rows in items.groupby(["model", "dictionary"]):
        path = built / model / "mlp_post" / dictionary / "autointerp/examples.parquet"
        have = set(intervals_with_windows(path).itertuples(index=False, name=None))
        assert set(rows[["feature", "interval"]].itertuples(index=False, name=None)) <= have


def test_shown_windows_are_of_the_item_and_the_middle_token_is_marked(built, key):
    for shown, item in zip(data_of(built)["items"], key["items"], strict=True):
        assert FEWEST <= len(shown["windows"]) <= 5
        maximum = pd.read_parquet(built / item["model"] / "mlp_post" / item["dictionary"] / "features.parquet")
        shade = min(1, 5 / maximum["max_act"][item["feature"]])
        for window in shown["windows"]:
            assert window["tokens"][window["centre"]][1] == pytest.approx(shade, abs=0.01)


def test_the_same_seed_makes_the_same_page_and_another_another(built, tmp_path):
    assert (build(tmp_path / "again") / "index.html").read_text() == page_of(built)
    other = build(tmp_path / "other", seed=1)
    assert data_of(other)["page"] != data_of(built)["page"]


def test_text_of_the_corpus_cannot_become_part_of_the_page(built):
    page = page_of(built)
    assert page.count("<script") == page.count("</script>") == 2
    assert "alert(1)" in page and "<script>alert" not in page


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=5, max_size=5))
def test_totals_are_of_complete_ratings_and_never_above_the_maximum(values):
    points = {
        part.name: min(value, part.highest) if value is not None else None
        for part, value in zip(PARTS, values, strict=True)
    }
    missing = [part for part in needed(points) if points[part.name] is None]
    assert (total(points) is None) == bool(missing)
    assert MAXIMUM == 14 and (total(points) or 0) <= 14


# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: 4 observers, 12 units.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_of_published_data():
    assert krippendorff_alpha(np.array(KRIPPENDORFF, dtype=float).T) == pytest.approx(0.849, abs=5e-4)


def test_alpha_by_hand():
    # Units (1, 1), (2, 4): differences within units 0, 0, 4, 4; of all 12 ordered pairs: 0 2x, 1 4x, 9 4x, 4 2x.
    assert krippendorff_alpha(np.array([[1.0, 1], [2, 4]])) == pytest.approx(1 - (8 / 4) / (48 / 12))
    assert krippendorff_alpha(np.array([[1.0, 1, np.nan], [3, 3, 3]])) == 1.0


@pytest.mark.parametrize("values", [[[1, np.nan], [np.nan, 2]], [[3, 3], [3, 3]], np.empty((0, 2))])
def test_alpha_is_undefined_without_two_ratings_of_a_unit_or_without_variation(values):
    assert krippendorff_alpha(np.array(values, dtype=float)) is None


@given(st.integers(0, 99), st.floats(-5, 5), st.floats(0.1, 9))
def test_alpha_does_not_depend_on_the_scale_or_on_who_rated(seed, shift, factor):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 9, (6, 3)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    alpha = krippendorff_alpha(values)
    for same in (values * factor + shift, values[:, [2, 0, 1]]):
        assert krippendorff_alpha(same) == (alpha if alpha is None else pytest.approx(alpha, abs=1e-6))


def test_medians_by_kind_and_agreement(built, key, tmp_path):
    """Ada finds all features perfect and neurons not; Bob agrees, but for one neuron."""
    rows = {"ada": [], "bob": []}
    for number, item in enumerate(key["items"], start=1):
        points = IMPERFECT if item["dictionary"] == "neurons" else PERFECT
        rows["ada"].append({"item": number, **points})
        rows["bob"].append({"item": number, **points})
    neuron = next(n for n, item in enumerate(key["items"]) if item["dictionary"] == "neurons")
    rows["bob"][neuron] |= {"confidence": 0}
    files = [write_csv(tmp_path / f"{who}.csv", rows[who], page=key["page"], rater=who) for who in rows]
    table, record = collect(built, *files)
    medians = {run: found["median"] for run, found in record["runs"].items()}
    assert medians == {f"A/mlp_post/{HEADLINE}": 14, f"control/mlp_post/{HEADLINE}": 14, "A/mlp_post/neurons": 7}
    assert record["runs"]["A/mlp_post/neurons"]["share_over_8"] == 0
    assert record["runs"]["A/mlp_post/neurons"]["n"] == sum(item["dictionary"] == "neurons" for item in key["items"])
    assert 0.9 < record["krippendorff_alpha"]["total"] < 1 and record["krippendorff_alpha"]["activations"] == 1
    assert record["n_rated_by_several"] == len(key["items"]) and record["n_raters"] == 2
    assert len(table) == 2 * len(key["items"])
    one = table[(table["rater"] == "bob") & (table["item"] == neuron + 1)].iloc[0]
    assert (one["total"], one["dictionary"], one["feature"]) == (5, "neurons", key["items"][neuron]["feature"])


def test_an_incomplete_rating_is_counted_and_left_out(built, key, tmp_path):
    rows = [
        {"item": 1, **PERFECT},
        {"item": 2, **PERFECT, "specificity": ""},
        {"item": 3, "interpretation": "only, text"},
    ]
    table, record = collect(built, write_csv(tmp_path / "a.csv", rows, page=key["page"], rater="a"))
    assert record["n_complete"] == {"a": 1} and record["n_incomplete"] == 2
    assert sum(found["n"] for found in record["runs"].values()) == 1
    assert record["krippendorff_alpha"]["total"] is None
    assert table["total"].isna().tolist() == [False, True, True]


def test_a_file_without_ratings_gives_no_median(built, key, tmp_path):
    _, record = collect(built, write_csv(tmp_path / "none.csv", []))
    assert record["runs"] == {} and record["n_raters"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"page": "0123"}, r"a.csv line 2: rated on page 0123, the key is of page \w+; give that page's key"),
        ({"rater": " "}, r"a.csv line 2: no rater; write a name"),
        ({"item": 999}, r"a.csv line 2: item 999; the page has items 1 to \d+"),
        ({"item": "one"}, r"a.csv line 2: item one; the page has items"),
        ({"activations": 6}, r"a.csv line 2: activations 6; 0 to 5 expected, or nothing"),
        ({"confidence": -1}, r"a.csv line 2: confidence -1; 0 to 3 expected"),
        ({"separation": 1}, r"a.csv line 2: separation 1, which is for logits under 3"),
    ],
)
def test_what_the_page_cannot_have_written_is_refused(built, key, tmp_path, changes, message):
    row = {"page": key["page"], "rater": "a", "item": 1, **PERFECT, **changes}
    with pytest.raises(ValueError, match=message):
        collect(built, write_csv(tmp_path / "a.csv", [row]))
    assert not (tmp_path / "a.json").exists() and not (tmp_path / "a.tsv").exists()


def test_files_that_do_not_belong_together_are_refused(built, key, tmp_path):
    def file(name: str, rows: list[dict], **changes: str) -> Path:
        return write_csv(tmp_path / name, rows, **{"page": key["page"], "rater": "a", **changes})

    one, row = file("one.csv", [{"item": 1, **PERFECT}]), {"item": 2, **PERFECT}
    with pytest.raises(ValueError, match="rater a: two files; give each rater's last export only"):
        collect(built, one, file("two.csv", [row]))
    with pytest.raises(ValueError, match=r"twice.csv: item 2 is rated twice"):
        collect(built, file("twice.csv", [row, row]))
    several = file("several.csv", [{"item": 1, **PERFECT}, row])
    several.write_text(several.read_text().replace(",a,2,", ",b,2,"))
    with pytest.raises(ValueError, match=r"several.csv: several raters \(a, b\); give one file a rater"):
        collect(built, several)
    (tmp_path / "other.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"other.csv: columns \['x', 'y'\]; a file exported from the page has"):
        collect(built, tmp_path / "other.csv")
    with pytest.raises(ValueError, match=r"gone.csv: no such file; give the CSV files that raters exported"):
        collect(built, tmp_path / "gone.csv")


def test_a_dictionary_with_too_few_windows_is_refused(tmp_path):
    root = synthetic_runs.write_all(tmp_path / "results")
    path = root / "A/mlp_post/neurons/autointerp/examples.parquet"
    few = synthetic_runs.examples(4, seed=0)
    few = few.where(np.arange(few.feature_E.size) % 15 == 0)
    synthetic_runs.windows.write_windows(path, iter([few]), synthetic_runs.WINDOW)
    with pytest.raises(ValueError, match=r"examples.parquet: no interval with 3 windows; encode more tokens"):
        build(tmp_path / "results", made=True)
