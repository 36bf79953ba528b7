"""The map of features: places, clusters, and the page; on planted directions and through the script."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from small_run import flags

import map_features
from monosem.investigations.feature_map import clusters, decoder_rows, map_summary, nearest, place
from monosem.pages.report.feature_map import render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
N_GROUPS, EACH, N_NEURONS = 5, 12, 16
WIDTHS = {"narrow": 20, "wide": 40}
TOKENS = ["<b>&", "</script>", "\u202ethe", " the", "\n"]


def planted_directions(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around five directions, and which of the five each is around."""
    rng = np.random.default_rng(seed)
    group_P = np.arange(N_GROUPS * EACH) % N_GROUPS
    noisy = np.linalg.qr(rng.normal(size=(N_NEURONS, N_NEURONS)))[0][group_P] + 0.05 * rng.normal(
        size=(group_P.size, N_NEURONS)
    )
    return (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32), group_P


def test_neighbours_are_exact_and_each_is_first_among_its_own():
    directions_PN, group_P = planted_directions()
    near = nearest(directions_PN, 6)
    cosine_PP = directions_PN @ directions_PN.T
    assert near.index_PK[:, 0].tolist() == list(range(len(group_P)))
    assert np.sort(1 - near.distance_PK, axis=1) == pytest.approx(np.sort(cosine_PP, axis=1)[:, -6:], abs=1e-5)
    assert (group_P[near.index_PK] == group_P[:, None]).all()
    with pytest.raises(ValueError, match="60 features to map, 60 neighbours of each asked; lower --n-neighbors"):
        nearest(directions_PN, 60)


def test_planted_groups_are_the_clusters_and_one_seed_gives_one_map():
    directions_PN, group_P = planted_directions()
    near = nearest(directions_PN, 6)
    first, again = (place(directions_PN, near, n_dims=3, min_dist=0.1, seed=4) for _ in range(2))
    assert np.array_equal(first, again) and first.shape == (60, 3)
    assert not np.array_equal(first, place(directions_PN, near, n_dims=3, min_dist=0.1, seed=5))
    found = clusters(first, 3)
    for cluster in set(found) - {-1}:
        assert len(set(group_P[found == cluster])) == 1
    assert (found >= 0).mean() > 0.9


def test_the_summary_tells_how_clusters_and_families_agree():
    table = pd.DataFrame(
        {
            "dictionary": ["a", "a", "a", "a", "b", "b", "b", "b", "b"],
            "feature": [0, 1, 2, 3, 0, 1, 2, 3, 4],
            "parent": [-1, -1, -1, -1, 0, 0, 1, 3, -1],
            "cluster": [0, 1, 2, -1, 0, 1, 1, -1, 0],
        }
    )
    found = map_summary(table)
    assert found["n_clusters"] == 3 and found["share_of_several_widths"] == pytest.approx(2 / 3)
    assert found["share_in_clusters"] == pytest.approx(7 / 9)
    assert found["with_parent"] == 0.5  # of four children two; to be in no cluster together does not count
    assert found["with_random"] == pytest.approx(3 / 16)  # three children in clusters that a quarter of `a` is in
    assert found["with_parent_less_random"] == pytest.approx(0.5 - 3 / 16)
    assert found["with_parent_less_random_low"] < 0 < found["with_parent_less_random_high"]  # four are few
    all_alike = [(3 / 7) ** 3 + (4 / 7) ** 3] * 2 + [1]  # in clusters of 3, 3 and 1, where 3 are of `a` and 4 of `b`
    assert found["several_widths_by_chance"] == pytest.approx(1 - sum(all_alike) / 3)
    nothing = map_summary(table.assign(parent=-1, cluster=-1))
    assert nothing["with_parent"] is None and nothing["share_of_several_widths"] is None


@pytest.fixture
def files(tmp_path) -> dict[str, object]:
    """All that the script reads, of two dictionaries around the same planted directions."""
    directions_PN, _ = planted_directions()
    record = {"model": "A", "site": "mlp_post", "n_tokens": 1234, "tokens_digest": "d", "flags": {"min_cosine": 0.4}}
    record["dictionaries"] = [{"dictionary": name, "n_features": width} for name, width in WIDTHS.items()]
    (tmp_path / "splitting.json").write_text(json.dumps(record))
    found = {"saes": [], "records": [], "explanations": []}
    frames, start = [], 0
    for name, width in WIDTHS.items():
        feature_F = np.arange(width)
        save_file({"W_dec": directions_PN[start : start + width]}, tmp_path / f"{name}.safetensors")
        (tmp_path / f"{name}.json").write_text(json.dumps({"model": "A", "site": "mlp_post", "dictionary": name}))
        texts = pd.DataFrame({"feature": feature_F, "text": [None, *["fires on <i>x</i>"] * (width - 1)]})
        texts.to_parquet(tmp_path / f"{name}.parquet")
        found["saes"].append(tmp_path / f"{name}.safetensors")
        found["records"].append(tmp_path / f"{name}.json")
        found["explanations"].append(tmp_path / f"{name}.parquet")
        numbers = dict.fromkeys(("n_active", "n_narrow_kin", "n_wide_kin", "n_children"), 3)
        parent = feature_F % 5 if name == "wide" else -1
        own = pd.DataFrame(
            {"dictionary": name, "feature": feature_F, **numbers, "parent": parent, "parent_cosine": 0.5}
        )
        own["top_tokens"], own["groups"] = [TOKENS] * width, [["the"]] * width
        frames.append(own.assign(category="prose", category_share=0.25))
        start += width
    pd.concat(frames).to_parquet(tmp_path / "families.parquet")
    return {**found, "families": tmp_path / "families.parquet", "splitting": tmp_path / "splitting.json"}


def make(files: dict[str, object], folder: Path, **changed: object) -> Path:
    folder.mkdir(exist_ok=True)
    settings = {
        "seed": 0,
        "n_neighbors": 5,
        "min_dist": 0.01,
        "cluster_dims": 3,
        "cluster_min_dist": 0.1,
        "page_features": 99,
    }
    outputs = {"output": "map.parquet", "output_page": "index.html", "output_record": "feature_map.json"}
    paths = {name: folder / file for name, file in outputs.items()}
    map_features.main(flags(**{**files, **settings, "min_cluster_size": 3, **paths, **changed}))
    return folder


def test_the_script_writes_equal_bytes_again(files, tmp_path):
    first, second = make(files, tmp_path / "one"), make(files, tmp_path / "two")
    for file in ("map.parquet", "index.html"):
        assert (first / file).read_bytes() == (second / file).read_bytes()
    record = json.loads((first / "feature_map.json").read_text())
    assert record["dictionaries"] == ["narrow", "wide"] and record["n_features"] == 60
    assert record["with_parent"] > record["with_random"]  # parents are of the same planted direction
    assert {"umap-learn", "numba", "scikit-learn"} <= record["versions"].keys()


class Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.data = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][1].get("id") == "data":
            self.data += data


def test_the_page_is_one_file_that_asks_for_nothing_and_text_stays_text(files, tmp_path):
    text = (make(files, tmp_path / "one") / "index.html").read_text()
    page = Parts()
    page.feed(text)
    assert [attrs for tag, attrs in page.tags if "src" in attrs or "href" in attrs] == []
    assert not re.search(r"https?://|fetch\(|XMLHttpRequest|innerHTML", text)
    assert sum(tag == "script" for tag, _ in page.tags) == 2  # `</script>` of a token did not end one
    data = json.loads(page.data)
    assert data["tokens"][0] == ["<b>&", "</script>", "U+202Ethe", "·the", "↵"]
    assert data["text"][:2] == ["", "fires on <i>x</i>"] and "<i>x</i>" not in text
    assert len(data["x"]) == 60 and data["parent"][:20] == [-1] * 20 and data["parent"][20:25] == [0, 1, 2, 3, 4]


def test_a_page_of_a_large_map_has_the_narrow_dictionaries(files, tmp_path):
    folder = make(files, tmp_path / "one", page_features=23)
    page = Parts()
    page.feed((folder / "index.html").read_text())
    assert json.loads(page.data)["dictionary"] == [0] * 20 + [1] * 3
    assert len(pd.read_parquet(folder / "map.parquet")) == 60


def test_a_feature_that_a_dictionary_does_not_have_is_an_error(files, tmp_path):
    save_file({"W_dec": np.zeros((3, N_NEURONS), dtype=np.float32)}, files["saes"][1])
    with pytest.raises(ValueError, match=r"wide.safetensors: 3 features, but feature 39 asked; find families again"):
        make(files, tmp_path / "one")
    with pytest.raises(ValueError, match=r"none: no such file"):
        decoder_rows(tmp_path / "none", np.arange(3))
    files["saes"][0].write_bytes(b"not this")
    with pytest.raises(ValueError, match=r"no tensor W_dec to be read"):
        decoder_rows(files["saes"][0], np.arange(3))
    assert not (tmp_path / "one/feature_map.json").exists()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")
def test_a_browser_runs_the_page(files, tmp_path):
    """After its script has run, the page has a box for each dictionary, which is not in the file."""
    page = make(files, tmp_path / "one") / "index.html"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    shown = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "narrow (20)" in shown and "wide (40)" in shown


def test_a_map_without_parents_or_explanations_can_be_shown():
    table = pd.DataFrame({"dictionary": ["a"], "feature": [7], "x": [0.5], "y": [1.0], "cluster": [-1]})
    numbers = dict.fromkeys(("n_active", "n_narrow_kin", "n_wide_kin"), 0)
    table = table.assign(**numbers, parent=-1, parent_cosine=np.nan, category="x", category_share=0.0, text=None)
    table["top_tokens"], table["groups"] = [["a"]], [[]]
    record = {"model": "A", "site": "s", "n_tokens": 1, "flags": {"min_cosine": 0.4}}
    assert "NaN" not in render(table, record | {"dictionaries": [{"dictionary": "a", "n_features": 9}]}, ["#000000"])
