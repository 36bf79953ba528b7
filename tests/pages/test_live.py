"""The live server as a real process over a real model and dictionary: its answers are those of the main path."""

import functools
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from live_server import CONTEXT, DEAD, RUN, SAID, WIDTH

import serve_live
from monosem.investigations.steering import Writer, pinned
from monosem.lm.sites import Site
from monosem.lm.transformer import load_lm
from monosem.measures.codes import read_codes
from monosem.pages.browser.texts import plain
from monosem.pages.live.files import Files, addresses
from monosem.pages.live.model import TOP, Live
from monosem.pages.visible import readable
from monosem.sae.autoencoder import load_sae
from monosem.text.tokenizer import load_tokenizer, train_bpe
from monosem.text.tokens import read_contexts

TEXT = "the cat sat on a mat; قطة <b>"
STEER = {"text": TEXT, "feature": 2, "multiple": 2, "n_tokens": 20, "seed": 3, "temperature": 1}


@pytest.fixture(scope="module")
def main_path(folder):
    """The same files, by the modules that all other scripts use."""
    files = Files.around(folder)
    tokenizer, bos = load_tokenizer(files.tokenizer)
    model, sae = load_lm(files.lm / "weights.safetensors"), load_sae(folder / "sae.safetensors")
    highest_F = pd.read_parquet(folder / "features.parquet")["max_act"].to_numpy()
    return SimpleNamespace(**locals())


def test_activations_are_those_of_the_evaluated_dictionary(served, main_path, folder):
    tokens_SL = read_contexts(main_path.files.tokenizer.with_name("val.zarr")).astype(int)
    codes_TF = read_codes(folder / "codes.safetensors").matrix.toarray()
    codes_SLF = np.zeros((*tokens_SL.shape, WIDTH))
    codes_SLF[tokens_SL != main_path.bos] = codes_TF
    n_read = 0
    for ids_L, codes_LF in zip(tokens_SL, codes_SLF, strict=True):
        ids = ids_L[1 : 1 + int(np.argmin(np.append(ids_L[1:], main_path.bos) != main_path.bos))].tolist()
        text = main_path.tokenizer.decode(ids)
        if not ids or main_path.tokenizer.encode(text).ids != ids:
            continue  # cut within a word or a character
        n_read += 1
        for feature in (0, 7, 23):
            found = served.answer("/api/read", text=text, feature=feature)
            expected_L = codes_LF[1 : len(ids) + 1, feature]
            np.testing.assert_allclose(found["activations"], expected_L, rtol=1e-4, atol=1e-5)
    assert n_read >= 3


def test_the_top_features_are_the_largest_and_come_with_what_is_known_of_them(served, main_path):
    found = served.answer("/api/read", text=TEXT)
    ids = main_path.tokenizer.encode(TEXT, add_special_tokens=False).ids
    acts_1LN = main_path.model.activations(torch.tensor([[main_path.bos, *ids]]), Site("mlp_post", 0))
    acts_LF = main_path.sae.encode(acts_1LN[0, 1:]).numpy()
    assert found["activations"] is None and len(found["tokens"]) == len(ids)
    for acts_F, pairs in zip(acts_LF, found["top"], strict=True):
        order_K = [f for f in np.argsort(-acts_F, kind="stable")[:TOP] if acts_F[f] > 0]
        assert [f for f, _ in pairs] == order_K
        assert [value for _, value in pairs] == pytest.approx(acts_F[order_K].tolist(), rel=1e-4)
    assert set(found["features"]) == {str(f) for pairs in found["top"] for f, _ in pairs}
    known = served.answer("/api/read", text="", feature=SAID)["features"]
    assert known == {
        str(SAID): {
            "highest": float(main_path.highest_F[SAID]),
            "text": "<img src=x onerror=alert(1)> U+202EevilU+200B",
        }
    }
    assert served.answer("/api/read", text="", feature=7)["features"]["7"]["text"] == '"token 7" 9'
    assert ["", "·", "cat"] in found["tokens"]


def test_text_that_spells_a_special_token_is_text(served):
    assert len(served.answer("/api/read", text="<|bos|>")["tokens"]) > 1


def written(main_path, edit=None, **changes):
    prefix = [main_path.bos, *main_path.tokenizer.encode(TEXT, add_special_tokens=False).ids]
    writer = Writer(main_path.model, Site("mlp_post", 0), prefix, 1, **{"length": 20, "seed": 3, **changes})
    tokens = writer.write(edit)[0, len(prefix) :].tolist()
    return "".join(piece.text for piece in readable(main_path.tokenizer.decode(tokens, skip_special_tokens=False)))


def test_steering_is_that_of_the_main_path(served, main_path):
    highest = float(main_path.highest_F[2])
    pin = functools.partial(pinned, main_path.sae, 2)
    found = {multiple: served.answer("/api/steer", **{**STEER, "multiple": multiple}) for multiple in (None, 0, 2, -1)}
    alone = written(main_path)
    assert {plain(answer["unsteered"]) for answer in found.values()} == {alone}
    assert plain(found[None]["steered"]) == alone and found[None]["value"] is None
    assert plain(found[0]["steered"]) == written(main_path, pin(0.0)) and found[0]["value"] == 0
    assert plain(found[2]["steered"]) == written(main_path, pin(2 * highest)) != alone
    assert plain(found[-1]["steered"]) == written(main_path, pin(-highest)) and found[-1]["value"] == -highest
    hot = served.answer("/api/steer", **{**STEER, "temperature": 1.7, "seed": 9})
    assert plain(hot["unsteered"]) == written(main_path, seed=9, temperature=1.7)
    dead = served.answer("/api/steer", **{**STEER, "feature": DEAD, "multiple": 0})
    assert plain(dead["steered"]) == written(main_path, pinned(main_path.sae, DEAD, 0.0))


READ = "/api/read"
LONG = "z" * CONTEXT
ERRORS = [
    (READ, b"{text}", 400, r"body \{text\}: not JSON"),
    (READ, b"\xff\xfe", 400, "not JSON"),
    (READ, b"[" * 100_000, 400, "not JSON"),
    (READ, b"", 400, "not JSON"),
    (READ, ["text"], 422, r'body \["text"\]: an object with text, feature expected'),
    (READ, {}, 422, "text missing: a text expected"),
    (READ, {"text": 3}, 422, "text 3: a text expected"),
    (READ, {"text": None}, 422, "text null: a text expected"),
    (READ, {"text": "half \ud800"}, 422, "whole characters expected"),
    (READ, {"text": "a", "feature": "7"}, 422, "feature 7: the number of a feature expected, or null"),
    (READ, {"text": "a", "feature": True}, 422, "feature true: the number of a feature expected"),
    (READ, {"text": "a", "feature": 2.0}, 422, r"feature 2\.0: the number"),
    (READ, {"text": "a", "feature": 24}, 404, f"feature 24: not one of the 24 of {RUN}, which are numbered from 0"),
    (READ, {"text": "a", "feature": -1}, 404, "feature -1: not one of"),
    (READ, {"text": "a", "feature": 10**4000}, 404, "feature 1000+…: not one of"),
    (READ, {"text": "a", "fature": 1}, 422, "fature 1: no such field; there are text, feature"),
    (READ, {"text": LONG}, 413, r"text zz+…: 160 tokens, 159 at most fit the model's context; shorten it"),
    (READ, {"text": "z" * (1 << 18)}, 413, "Content-Length .*: 262,144 bytes at most; shorten the text"),
    ("/api/steer", {**STEER, "multiple": 5.1}, 422, r"multiple 5\.1: a number from -2 to 5 expected, or null"),
    ("/api/steer", json.dumps({**STEER, "multiple": float("nan")}).encode(), 422, "multiple NaN: a number from"),
    ("/api/steer", {**STEER, "n_tokens": 65}, 422, "n_tokens 65: a whole number from 1 to 64 expected"),
    ("/api/steer", {**STEER, "n_tokens": 1.5}, 422, r"n_tokens 1\.5: a whole number"),
    ("/api/steer", {**STEER, "seed": -1}, 422, "seed -1: a whole number from 0 to"),
    ("/api/steer", {**STEER, "temperature": 0}, 422, r"temperature 0: a number from 0\.1 to 2 expected"),
    ("/api/steer", {**STEER, "temperature": None}, 422, "temperature null: a number"),
    ("/api/steer", {**STEER, "feature": 99}, 404, "feature 99: not one of"),
    ("/api/steer", {**STEER, "feature": DEAD}, 422, "feature 5: never active on held-out text"),
    ("/api/steer", {**STEER, "text": ""}, 422, "text : nothing to go on from"),
    ("/api/steer", {**STEER, "text": LONG}, 413, "159 at most fit"),
]


@pytest.mark.parametrize(("address", "body", "status", "message"), ERRORS)
def test_bad_input_is_answered_with_its_field_its_value_and_a_fix(served, address, body, status, message):
    found_status, _, found = served.ask(address, body)
    assert found_status == status and set(found) == {"error", "field", "value"}
    assert re.search(message, found["error"])


def test_what_is_written_has_to_fit_the_context_too(served):
    full = {**STEER, "text": LONG[:-10]}
    assert served.answer("/api/steer", **{**full, "n_tokens": 9})["steered"]
    status, _, found = served.ask("/api/steer", full)
    assert status == 422 and found["error"].startswith("n_tokens 20: 9 at most fit the context after the text; ask for")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lm": "nowhere"}, r"nowhere/weights\.safetensors: no such file; run train_lm first"),
        ({"dictionary": "nowhere"}, r"nowhere/sae\.json: no such file; run the rule that writes it"),
        ({"explanations": "nowhere.parquet"}, r"nowhere\.parquet: no such file"),
        ({"explanations": "few.parquet"}, r"few\.parquet: rows of other features than 0 to 23; rerun the rule"),
        ({"tokenizer": "other.json"}, r"other\.json: 261 tokens, A has 280; give its own"),
    ],
)
def test_what_cannot_be_loaded_is_named(folder, tmp_path, monkeypatch, changes, message):
    monkeypatch.chdir(tmp_path)
    train_bpe(["the cat sat on the mat"] * 9, 261).save("other.json")
    pd.read_parquet(folder / "autointerp/explanations.parquet").head(3).to_parquet("few.parquet")
    named = {name: Path(path) for name, path in changes.items()}
    with pytest.raises(ValueError, match=message):
        Live.load(Files.around(folder)._replace(**named), torch.device("cpu"))


def test_a_folder_that_is_no_dictionary_is_named():
    with pytest.raises(ValueError, match=r"/nowhere/sae\.json: no such file"):
        serve_live.main(["--dictionary", "/nowhere"])


def test_a_run_without_explanations_and_report_is_served_too(folder):
    files = Files.around(folder)._replace(explanations=None, llm_explanations=None, report=None)
    live = Live.load(files, torch.device("cpu"))
    assert live.explanation_F == [""] * WIDTH and live.read("the", 4)["features"][4]["text"] == ""
    assert not [address for address in addresses(None) if address.startswith("/report")]
