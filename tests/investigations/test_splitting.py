"""Feature splitting: masked cosines, families and named groups, on planted activations and on a small real model."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from small_run import evaluate_flags, flags, sae_flags
from texts import NO_BOS, packed

import evaluate_dictionary
import split_features
import train_sae
from monosem.figures.families import layout
from monosem.ground.records import value_of
from monosem.investigations import masked_cosine
from monosem.investigations.families import NO_PARENT, count_other_kin, family_table, kinship, splitting
from monosem.investigations.firing import shares, spell, top_labels
from monosem.investigations.masked_cosine import activity, kin, masked_cosines
from monosem.investigations.named_groups import group_summary, is_member, named_groups
from monosem.measures.codes import Codes, shifted

N_TOKENS = 4000


def sparse(seed: int, n_features: int, density: float = 0.05, n_tokens: int = N_TOKENS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.exponential(size=(n_tokens, n_features)) * (rng.random((n_tokens, n_features)) < density)


def codes_of(dense_TF: np.ndarray) -> Codes:
    return Codes(csr_array(dense_TF.astype(np.float32)))


def whole(a_TA: np.ndarray, b_TB: np.ndarray, min_active: int = 1) -> np.ndarray:
    a, b = (activity(codes_of(dense), min_active) for dense in (a_TA, b_TB))
    return np.concatenate([block for _, block in masked_cosines(a, b)])


def by_definition(a_T: np.ndarray, b_T: np.ndarray) -> float:
    """The larger of the cosines over the support of either."""
    found = []
    for mask_T in (a_T > 0, b_T > 0):
        a, b = a_T[mask_T], b_T[mask_T]
        norm = np.linalg.norm(a) * np.linalg.norm(b)
        found.append(a @ b / norm if norm > 0 else 0.0)
    return max(found)


def planted() -> dict[str, Codes]:
    """Dictionaries of 3, 5 and 6 features. Feature 0 of the narrow one splits by context into 2 and 4 of the middle
    one, the latter again into 1 and 5 of the wide one. Feature 1 stays whole. The others have no kin."""
    base_T, other_T = sparse(0, 1, 0.2)[:, 0], sparse(1, 1, 0.1)[:, 0]
    context_T, inner_T = (np.random.default_rng(seed).random(N_TOKENS) < 0.5 for seed in (2, 3))
    alone = sparse(4, 8, 0.01)
    narrow = [base_T, other_T, alone[:, 0]]
    middle = [alone[:, 1], other_T * 2, base_T * context_T, alone[:, 2], base_T * ~context_T]
    wide = [alone[:, 3], middle[4] * inner_T, middle[2], other_T, alone[:, 4], middle[4] * ~inner_T]
    return {
        name: codes_of(np.stack(columns, axis=1)) for name, columns in zip("abc", (narrow, middle, wide), strict=True)
    }


def families_of(dictionaries: dict[str, Codes], min_cosine: float = 0.4) -> tuple[pd.DataFrame, pd.DataFrame]:
    activities = {name: activity(codes, 10) for name, codes in dictionaries.items()}
    pairs = kinship(activities, min_cosine)
    return pairs, family_table(activities, pairs)


@pytest.mark.parametrize("block", [1, 7, 1 << 21])
def test_masked_cosines_are_those_of_the_definition_whatever_the_block(block, monkeypatch):
    monkeypatch.setattr(masked_cosine, "BLOCK_ENTRIES", block)
    a_TA, b_TB = sparse(0, 6, 0.3, 200), sparse(1, 9, 0.1, 200)
    b_TB[:, 3] = a_TA[:, 2]
    expected = [[by_definition(a_T, b_T) for b_T in b_TB.T] for a_T in a_TA.T]
    assert whole(a_TA.astype("f4"), b_TB.astype("f4")) == pytest.approx(np.array(expected), abs=1e-6)


@given(st.integers(0, 10**6))
def test_masked_cosines_are_symmetric_and_know_no_order_of_tokens_or_scale(seed):
    a_TA, b_TB = sparse(seed, 5, 0.2, 300), sparse(seed + 1, 4, 0.2, 300)
    found = whole(a_TA, b_TB)
    order_T = np.random.default_rng(seed).permutation(300)
    swapped = whole(b_TB, a_TA).T
    assert swapped == pytest.approx(found, abs=1e-6)
    assert whole(a_TA[order_T], b_TB[order_T]) == pytest.approx(found, abs=1e-6)
    assert whole(3 * a_TA, b_TB / 7) == pytest.approx(found, abs=1e-5)
    assert found.min() >= 0 and found.max() <= 1 + 1e-6


def test_a_part_of_a_feature_is_its_perfect_kin_though_their_plain_cosine_is_low():
    base_T = sparse(0, 1, 0.5)[:, 0]
    part_T = base_T * (np.arange(N_TOKENS) % 20 == 0)
    plain = base_T @ part_T / np.linalg.norm(base_T) / np.linalg.norm(part_T)
    assert plain < 0.3
    assert whole(base_T[:, None], part_T[:, None])[0, 0] == pytest.approx(1)


def test_a_planted_split_is_found_at_every_width_and_features_without_kin_have_no_edge():
    pairs, table = families_of(planted())
    found = {name: rows.set_index("feature") for name, rows in table.groupby("dictionary")}
    assert found["b"]["parent"].tolist() == [NO_PARENT, 1, 0, NO_PARENT, 0]
    assert found["c"]["parent"].tolist() == [NO_PARENT, 4, 2, 1, NO_PARENT, 4]
    assert found["a"]["n_children"].tolist() == [2, 1, 0] and found["b"]["n_children"].tolist() == [0, 1, 1, 0, 2]
    assert found["a"]["n_wide_kin"].tolist() == [2, 1, 0]
    roots = found["c"].loc[[1, 2, 5], ["root_dictionary", "root_feature"]].to_numpy().tolist()
    assert roots == [["a", 0]] * 3 and found["c"].loc[0, "root_dictionary"] == "c"
    outermost = pairs[(pairs["narrow"] == "a") & (pairs["wide"] == "c")]
    assert set(zip(outermost["narrow_feature"], outermost["wide_feature"], strict=True)) == {
        (0, 1),
        (0, 2),
        (0, 5),
        (1, 3),
    }
    assert pairs["cosine"].min() > 0.9


def test_edges_do_not_depend_on_the_order_of_tokens():
    order_T = np.random.default_rng(5).permutation(N_TOKENS)
    mixed = {name: Codes(codes.matrix[order_T]) for name, codes in planted().items()}
    for one, other in zip(families_of(planted()), families_of(mixed), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_shifted_tokens_leave_only_chance():
    a = activity(planted()["a"], 10)
    assert [len(part) for part in kin(a, a, 0.4)] == [3, 3, 3]
    assert [len(part) for part in kin(a, a._replace(values=shifted(a.values)), 0.4)] == [0, 0, 0]
    assert shifted(a.values).sum() == pytest.approx(a.values.sum())


def test_kin_within_a_dictionary_are_all_but_the_feature_itself():
    base_T = sparse(0, 1, 0.2)[:, 0]
    alone_T = sparse(1, 1, 0.1)[:, 0] * (base_T == 0)
    half_T = np.arange(N_TOKENS) % 2 == 0
    dense_TF = np.stack([np.zeros(N_TOKENS), base_T, alone_T, base_T * half_T, base_T * ~half_T], axis=1)
    own = activity(codes_of(dense_TF), 10)
    others_F = count_other_kin(own, 0.4)
    assert dict(zip(own.feature_F.tolist(), others_F.tolist(), strict=True)) == {1: 2, 2: 0, 3: 1, 4: 1}
    counted = np.bincount(kin(own, own, 0.4)[0], minlength=5)[own.feature_F]
    assert (counted == others_F + 1).all()  # what a wider dictionary that splits nothing would have


def test_features_that_hardly_fire_are_left_out():
    dense_TF = sparse(0, 3, 0.1)
    dense_TF[3:, 1] = 0
    assert activity(codes_of(dense_TF), 10).feature_F.tolist() == [0, 2]
    assert activity(codes_of(np.zeros((9, 2))), 1).feature_F.size == 0
    nothing = kin(activity(codes_of(np.zeros((9, 2))), 1), activity(codes_of(sparse(0, 2, 0.5, 9)), 1), 0.4)
    assert [len(part) for part in nothing] == [0, 0, 0]


def test_numbers_of_kin_are_summed_up():
    assert splitting(np.array([0, 1, 2, 5])) == {"median": 1.5, "mean": 2.0, "share_any": 0.75, "share_several": 0.5}
    assert splitting(np.empty(0))["median"] is None


TEXT = packed(
    np.array([[0], [1], [2], [2], [3], [4]]),
    ["prose", "base64"],
    category_SL=np.array([[0], [0], [1], [1], [1], [0]]),
    bos=NO_BOS,
)
VOCABULARY = [" the", "The", "QU", " cat", "other"]


def test_shares_of_activation_and_the_groups_that_follow_from_them():
    dense_TF = np.array([[1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 2, 0], [1, 0, 0], [0, 3, 0]])
    codes = codes_of(dense_TF)
    of_kind = {"word": shares(codes, TEXT.token_T, 5), "category": shares(codes, TEXT.category_T, 2)}
    assert of_kind["word"].toarray() == pytest.approx(np.array([[0.25, 0.5, 0, 0.25, 0], [0, 0, 0.5, 0, 0.5], [0] * 5]))
    assert top_labels(of_kind["word"], 2) == [[1, 0], [2, 4], []]
    groups = named_groups(["base64", "dna"], ["the"], TEXT, VOCABULARY)
    assert spell("the", VOCABULARY) == [0, 1] and groups["the"].n_tokens == 2 and groups["base64"].n_tokens == 3
    assert is_member(groups["the"], of_kind, 0.5).tolist() == [True, False, False]
    assert is_member(groups["base64"], of_kind, 0.5).tolist() == [False, False, False]  # half is not more than half
    assert is_member(groups["base64"], of_kind, 0.49).tolist() == [False, True, False]
    assert group_summary(groups["dna"], [0, 0])["smallest_step"] is None
    assert group_summary(groups["the"], [1, 3, 4])["smallest_step"] == 1
    with pytest.raises(ValueError, match="a name stands twice"):
        named_groups(["the"], ["the"], TEXT, VOCABULARY)


def test_trees_are_drawn_without_crossing_lines():
    _, table = families_of(planted())
    placed = layout(table, list("abc"))
    for _, rows in placed.groupby("level"):
        parents = rows.sort_values("place")["parent"]
        linked = parents[parents != NO_PARENT]
        above = placed[placed["level"] == rows["level"].iloc[0] - 1].set_index("feature")["place"]
        assert not len(linked) or above[linked].is_monotonic_increasing
        assert rows["place"].is_unique


@pytest.fixture(scope="module")
def sweep(tokens, lm, acts, sae, evaluated, tmp_path_factory):
    """Two folders of dictionaries of 24 and 40 features with their codes on the same tokens."""
    wide = tmp_path_factory.mktemp("wide")
    train_sae.main(sae_flags(acts, wide, name="relu-w40", width=40))
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, wide, wide, name="relu-w40"))
    return [evaluated, wide]


def split_flags(sweep, corpus, tokens, folder, **changed):
    values = {"codes": [place / "codes.safetensors" for place in sweep], "records": [p / "codes.json" for p in sweep]}
    values |= {"tokens": tokens / "val.zarr", "tokenizer": corpus.tokenizer, "min_cosine": 0.4, "min_active": 5}
    values |= {"group_share": 0.5, "categories": ["kind0", "base64"], "words": ["the"]}
    values |= {"output_kin": folder / "kin.parquet", "output_families": folder / "families.parquet"}
    return flags(**{**values, "output_record": folder / "splitting.json", **changed})


def test_the_script_orders_dictionaries_by_width_and_repeats_itself(sweep, corpus, tokens, tmp_path):
    for name, order in (("one", 1), ("two", -1)):
        split_features.main(split_flags(sweep[::order], corpus, tokens, tmp_path / name))
    for file in ("kin.parquet", "families.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    record = json.loads((tmp_path / "one/splitting.json").read_text())
    assert [entry["n_features"] for entry in record["dictionaries"]] == [24, 40]
    assert record["groups"]["base64"]["narrowest"] is None and record["groups"]["kind0"]["n_tokens"] > 0
    table = pd.read_parquet(tmp_path / "one/families.parquet")
    assert len(table) == sum(entry["n_compared"] for entry in record["dictionaries"])
    assert (
        value_of(record, "kin.median", "record") >= 0
        and len(record["kin_counts"]) == record["dictionaries"][0]["n_compared"]
    )
    assert 0 <= value_of(record, "kin_within.median", "record") < record["dictionaries"][0]["n_compared"]


def test_what_does_not_belong_together_is_an_error(sweep, corpus, tokens, tmp_path):
    record = json.loads((sweep[1] / "codes.json").read_text())
    for field, value, told in (
        ("tokens_digest", "other", "made from other tokens than are given"),
        ("model", "B", "B/mlp_post/relu-w40 beside A/mlp_post/relu-w24; dictionaries of one model at one site"),
    ):
        other = tmp_path / "codes.json"
        other.write_text(json.dumps(record | {field: value}))
        words = split_flags(sweep, corpus, tokens, tmp_path, records=[sweep[0] / "codes.json", other])
        with pytest.raises(ValueError, match=told):
            split_features.main(words)
    with pytest.raises(ValueError, match="1 dictionaries of 1 widths; two or more, all different"):
        split_features.main(split_flags(sweep[:1], corpus, tokens, tmp_path))
    with pytest.raises(ValueError, match=r"2 --codes and 1 --records"):
        split_features.main(split_flags(sweep, corpus, tokens, tmp_path, records=[sweep[0] / "codes.json"]))
    with pytest.raises(ValueError, match=r"--min-cosine 1\.5"):
        split_features.main(split_flags(sweep, corpus, tokens, tmp_path, min_cosine=1.5))
    assert not (tmp_path / "splitting.json").exists()
