"""Figures of feature splitting, from made-up records and tables: drawn by their scripts, the same for the same data."""

import json
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from small_run import flags

NAMES, WIDTHS = ["narrow", "middle", "wide"], [3, 6, 12]


def splitting_record(**changed) -> dict:
    kin = {"kin_counts": [2, 5, 5], "kin_counts_by_chance": [0, 0, 1], "flags": {"min_cosine": 0.4, "group_share": 0.5}}
    sizes = zip(NAMES, WIDTHS, strict=True)
    entries = [{"dictionary": name, "n_features": width, "n_compared": width} for name, width in sizes]
    groups = {"base64": {"n_tokens": 9, "counts": [1, 2, 4]}, "the": {"n_tokens": 9, "counts": [0, 0, 0]}}
    groups["dna"] = {"n_tokens": 0, "counts": [0, 0, 0]}
    return {"n_tokens": 1234, "dictionaries": entries, "groups": groups, **kin, **changed}


def family_rows() -> pd.DataFrame:
    frames = []
    for above, name, width in zip([0, *WIDTHS], NAMES, WIDTHS, strict=False):
        feature_F = np.arange(width)
        parent = feature_F % above if above else -1
        groups = [["base64"] if feature * 3 < width else [] for feature in feature_F]
        own = {"dictionary": name, "feature": feature_F, "n_active": 500, "parent": parent, "parent_cosine": 0.5}
        own |= {
            "top_tokens": [["$x^2", " the", "\u732b", "\u202e"]] * width,
            "category": "prose",
            "category_share": 0.3,
        }
        frames.append(pd.DataFrame(own | {"groups": groups, "x": feature_F * 1.0, "y": 0.0, "cluster": -1}))
    return pd.concat(frames, ignore_index=True)


def draw(name: str, folder, table: pd.DataFrame, record: dict) -> pd.DataFrame:
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps(record))
    table.to_parquet(folder / "table.parquet")
    inputs = {"families": {"families": folder / "table.parquet"}, "feature_map": {"map": folder / "table.parquet"}}
    words = flags(record=folder / "record.json", output=folder / "x.svg", output_data=folder / "x.tsv")
    import_module(f"plot.{name}").main([*words, *flags(**inputs.get(name, {}))])
    assert ElementTree.parse(folder / "x.svg").getroot().tag.endswith("svg")
    return pd.read_csv(folder / "x.tsv", sep="\t")


MAP = {"dictionaries": NAMES, "n_clusters": 2, "share_of_several_widths": 0.5}


@pytest.mark.parametrize("name", ["splitting", "families", "feature_map"])
def test_equal_data_gives_equal_bytes(name, tmp_path):
    record = MAP if name == "feature_map" else splitting_record()
    for folder in ("one", "two"):
        assert len(draw(name, tmp_path / folder, family_rows(), record)) > 0
    for file in ("x.svg", "x.tsv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_numbers_drawn_are_those_of_the_record(tmp_path):
    table = draw("splitting", tmp_path / "one", family_rows(), splitting_record())
    counts = table.dropna(subset="group").set_index(["group", "width"])["n_features"]
    assert counts["base64"].to_dict() == {3: 1, 6: 2, 12: 4} and "dna" not in counts.index
    kin = table.dropna(subset="n_kin").set_index(["tokens", "n_kin"])["n_features"]
    assert kin["as they are"].to_dict() == {2: 1, 5: 2}
    trees = draw("families", tmp_path / "two", family_rows(), splitting_record())
    assert trees.groupby("dictionary").size().to_dict() == {"narrow": 1, "middle": 2, "wide": 4}


def test_what_is_empty_can_be_drawn(tmp_path):
    nobody = family_rows().assign(groups=[[]] * sum(WIDTHS))
    assert len(draw("families", tmp_path / "one", nobody, splitting_record())) == 0
    draw("families", tmp_path / "two", nobody, splitting_record(groups={}))
    draw("splitting", tmp_path / "three", nobody, splitting_record(groups={}))
    draw("feature_map", tmp_path / "four", nobody, {**MAP, "n_clusters": 0, "share_of_several_widths": None})
