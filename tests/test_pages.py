import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import synthetic_runs
import test_findings
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from synthetic_runs import HEADLINE, WIDTHS, files
from tokenizers import AddedToken, Tokenizer, models

import build_report
import compile_findings
import plot_pareto
from monosem.pages.samples import choose, shown_examples
from monosem.pages.visible import readable, visible

HOSTILE = "<script>alert(1)</script>"
TOKENS = [HOSTILE, "&amp;", '"><b>', "\u202egnp", "\u200b", "\nnew", " the", "عرب", "\u0301", "\x00", "x\u3164"]


class Reader(HTMLParser):
    """What a browser would make of a page: elements, attributes and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data


def vocabulary_file(path: Path) -> Path:
    names = ["<|bos|>", *TOKENS, *(f"t{i}" for i in range(40 - len(TOKENS) - 1))]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<|bos|>"))
    tokenizer.add_special_tokens([AddedToken("<|bos|>", special=True)])
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = synthetic_runs.write_all(tmp_path_factory.mktemp("results"))
    vocabulary_file(root / "tokenizer.json")
    compile_findings.main([*test_findings.flags(root), "--output", str(root / "findings.tsv")])
    pareto = root / "figures" / "pareto.svg"
    evals = files(root, "[AB]/*/relu-*/eval.json")
    saes = [str(Path(path).with_name("sae.json")) for path in evals]
    plot_pareto.main(
        ["--eval", *evals, "--sae", *saes, "--output", str(pareto), "--output-data", str(pareto.with_suffix(".tsv"))]
    )
    weights = np.random.default_rng(0).normal(size=(WIDTHS[HEADLINE], 40)).astype(np.float16)
    save_file({"logit_weights": weights}, root / "logits.safetensors")
    return root


def arguments(root: Path, **changes: str) -> list[str]:
    folder = root / "A" / "mlp_post" / HEADLINE
    values = {
        "findings": root / "findings.tsv",
        "figures": root / "figures/pareto.svg",
        "captions": f"A caption with {HOSTILE}\nof two lines.",
        "figure-data": root / "figures/pareto.tsv",
        "dictionary": f"A/mlp_post/{HEADLINE}",
        "features": folder / "features.parquet",
        "scores": folder / "autointerp/scores.parquet",
        "explanations": folder / "autointerp/explanations.parquet",
        "examples": folder / "autointerp/examples.parquet",
        "estimates": root / "autointerp/estimates.tsv",
        "differences": root / "autointerp/differences.tsv",
        "summaries": folder / "autointerp/scores.json",
        "logits": root / "logits.safetensors",
        "tokenizer": root / "tokenizer.json",
        "n-best": 24,
        "n-random": 12,
        "seed": 0,
        "config": json.dumps({"name": HOSTILE}),
        "records": folder / "eval.json",
        "output": root / "report/index.html",
    }
    values |= {name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def build(root: Path, **changes: str) -> str:
    build_report.main(arguments(root, **changes))
    return Path(dict(zip(*[iter(arguments(root, **changes))] * 2, strict=True))["--output"]).read_text()


def test_hostile_text_is_shown_as_text_everywhere(results, tmp_path):
    path = results / "A" / "mlp_post" / HEADLINE / "autointerp/explanations.parquet"
    explanations = pd.read_parquet(path).assign(text=f"{HOSTILE} \u202e\u200b")
    page = build(results, explanations=synthetic_runs.write_frame(tmp_path / "e.parquet", explanations))
    reader = Reader(page)
    assert not {"script", "b", "iframe", "object", "link"} & set(reader.tags)
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
    assert reader.text.count(HOSTILE) > 10  # caption, config, explanations, tokens
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x00]", page)
    assert "U+202E" in reader.text and "U+200B" in reader.text and "U+0000" in reader.text


def test_tokens_of_any_script_are_isolated_from_their_neighbours(results):
    page = build(results)
    places = [match.start() for match in re.finditer("عرب", page)]
    assert places
    for place in places:
        assert page.rfind("<bdi", 0, place) > page.rfind("</bdi>", 0, place)


def test_the_page_loads_nothing_from_a_network_and_links_only_to_the_paper_and_to_files_that_exist(results):
    reader = Reader(build(results))
    output = results / "report"
    links = [(tag, name, value) for tag, name, value in reader.attributes if name in ("src", "href", "srcset", "data")]
    assert links
    for tag, name, value in links:
        if tag == "a" and value.startswith("https://transformer-circuits.pub/"):
            continue
        if name == "src":
            assert value.startswith("data:image/svg+xml;base64,")
        elif value.startswith("#"):
            assert ("section", "id", value[1:]) in reader.attributes
        else:
            assert not re.match("[a-z]+:|/", value)
            assert (output / unquote(value)).is_file()
    assert "@import" not in build(results) and "url(" not in build(results)


def test_every_finding_stands_on_the_page_with_its_verdict(results):
    rows = pd.read_csv(results / "findings.tsv", sep="\t", dtype=str, keep_default_na=False)
    text = " ".join(Reader(build(results)).text.split())
    for row in rows.itertuples():
        assert row.statement in text and row.criterion in text and row.paper in text
        assert (row.measured or "not measured") in text
    counts = rows["verdict"].value_counts()
    assert f"{counts.get('reproduced', 0)} reproduced, {counts.get('not reproduced', 0)} not reproduced" in text
    assert set(re.findall('class="verdict ([a-z-]+)"', build(results))) == {v.replace(" ", "-") for v in counts.index}


def test_scores_stand_on_the_page_with_their_intervals(results):
    text = " ".join(Reader(build(results)).text.split())
    table = pd.read_csv(results / "autointerp/estimates.tsv", sep="\t").set_index(
        ["model", "dictionary", "stratum", "measure"]
    )
    row = table.loc[("A", HEADLINE, "all", "spearman_weighted")]
    assert f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})" in text
    assert f"features of A A/mlp_post/{HEADLINE} 126 of 128 0 " in text
    assert "features of A less neurons of A +0." in text and "less random directions of A +0." in text
    assert re.search(r"less features of control -0\.\d{3} \(-0\.\d{3} to [+-]0\.\d{3}\)\.", text)


def test_what_has_no_score_is_undefined_on_the_page_and_not_a_number(results, tmp_path):
    folder = results / "A" / "mlp_post" / HEADLINE / "autointerp"
    counts = {"ok": 0, "undefined_constant_prediction": 3, "dead": 125}
    record = json.loads((folder / "scores.json").read_text()) | {"status_counts": counts}
    table = pd.read_csv(results / "autointerp/estimates.tsv", sep="\t")
    paths = {"summaries": synthetic_runs.write_json(tmp_path / "scores.json", record)}
    paths["estimates"] = synthetic_runs.write_frame(tmp_path / "e.tsv", table[table["dictionary"] != HEADLINE])
    text = " ".join(Reader(build(results, **paths)).text.split())
    assert f"A/mlp_post/{HEADLINE} 0 of 128 3 undefined undefined undefined undefined" in text


def test_the_page_is_the_same_when_built_twice(results):
    assert build(results) == build(results, output=results / "other" / "index.html")


def test_a_run_in_which_nothing_was_scored_still_makes_a_page(results, tmp_path):
    folder = results / "A" / "mlp_post" / HEADLINE / "autointerp"
    scores = pd.read_parquet(folder / "scores.parquet").assign(status="too_few_examples", spearman=np.nan)
    path = synthetic_runs.write_frame(tmp_path / "scores.parquet", scores)
    text = Reader(build(results, scores=path)).text
    assert "None in this run." in text
    assert text.count("no score: too few examples") == 12


def test_no_features_at_all_still_makes_a_page(results, tmp_path):
    table = pd.read_parquet(results / "A" / "mlp_post" / HEADLINE / "features.parquet").assign(density=0.0)
    scores = pd.read_parquet(results / "A" / "mlp_post" / HEADLINE / "autointerp/scores.parquet").assign(status="dead")
    changes = {"features": tmp_path / "f.parquet", "scores": tmp_path / "s.parquet"}
    synthetic_runs.write_frame(changes["features"], table)
    synthetic_runs.write_frame(changes["scores"], scores)
    assert Reader(build(results, **changes)).text.count("None in this run.") == 2


def test_the_best_scored_come_first_and_random_ones_are_others_that_fire():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"feature": range(50), "status": "ok", "spearman": rng.random(50)})
    scores.loc[:9, "status"] = "dead"
    features = pd.DataFrame({"feature": range(50), "density": np.where(np.arange(50) < 10, 0, 0.1)})
    best, drawn = choose(scores, features, n_best=5, n_random=8, seed=1)
    by_feature = scores.set_index("feature")["spearman"]
    assert list(by_feature[best]) == sorted(by_feature[10:], reverse=True)[:5]
    assert len(drawn) == 8 and not set(drawn) & set(best) and min(drawn) >= 10
    assert choose(scores, features, n_best=5, n_random=8, seed=1) == [best, drawn]
    assert choose(scores, features, n_best=5, n_random=99, seed=2)[1] == sorted(set(range(10, 50)) - set(best))


def test_shades_are_shares_of_the_maximum_and_padding_is_left_out():
    windows = synthetic_runs.examples(1, seed=0)
    groups = shown_examples(windows, [f"t{i}" for i in range(40)], max_act=5.0)
    assert [which for which, _ in groups] == ["strongest", "weaker"]
    for _, rows in groups:
        for tokens in rows:
            assert max(token.shade for token in tokens) == 1.0
            assert all(token.shade == pytest.approx(token.activation / 5, rel=1e-6) for token in tokens)
    lengths = {len(tokens) for _, rows in groups for tokens in rows}
    assert lengths <= {8, 9}


def test_a_tokenizer_of_another_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"token \d+: vocabulary has 3; give the tokenizer of these examples"):
        shown_examples(synthetic_runs.examples(1, seed=0), ["a", "b", "c"], max_act=5.0)


@given(st.text(st.characters(exclude_characters="\u25cc")))
def test_every_character_is_shown_as_itself_or_as_one_mark(text):
    pieces = visible(text)
    assert all(piece.text.isprintable() and piece.text.strip() for piece in pieces)
    ordinary = [piece.text.removeprefix("\u25cc") for piece in pieces if not piece.is_mark]
    assert sum(piece.is_mark for piece in pieces) + sum(map(len, ordinary)) == len(text)
    left = iter(text)
    assert all(character in left for character in "".join(ordinary))  # in the order of the text


@given(st.text(alphabet="ab \n"))
def test_sentences_keep_their_spaces(text):
    assert "".join(piece.text for piece in readable(text)) == text.replace("\n", "↵")


def test_facts_name_code_versions_and_seeds(results, tmp_path):
    record = {"script": "train_sae.py", "flags": {"seed": 7}, "versions": {"torch": "2.13"}, "inputs": {"a.zarr": "ff"}}
    path = tmp_path / "sae.json"
    path.write_text(json.dumps(record))
    text = " ".join(Reader(build(results, records=path)).text.split())
    assert "seed 7" in text and "torch 2.13" in text and "a.zarr ff" in text


def test_uneven_lists_of_figures_are_refused(results, capsys):
    words = arguments(results)
    place = words.index("--captions") + 1
    with pytest.raises(SystemExit):
        build_report.main([*words[:place], words[place], words[place], *words[place + 1 :]])
    assert "one of each a figure" in capsys.readouterr().err
