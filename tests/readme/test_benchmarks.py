"""Tables of dictionaries, of trainers and of a language model's answers, from small records."""

import json

from monosem.readme.dictionaries import dictionaries_table, trainers_table, whole_table
from monosem.readme.judgements import llm_table


def test_a_row_for_each_dictionary_by_width(tmp_path):
    for name, width in (("b", 2048), ("a", 2048), ("c", 512)):
        (tmp_path / name).mkdir()
        sae = {"dictionary": name, "n_features": width, "architecture": "relu", "matmul_dtype": "float32"}
        found = {"l0": 19.876, "loss_recovered": 0.81234, "explained_variance": 0.7, "n_dead": 128}
        (tmp_path / name / "sae.json").write_text(json.dumps(sae))
        (tmp_path / name / "eval.json").write_text(json.dumps(found))
    (tmp_path / "neurons").mkdir()
    rows = dictionaries_table(tmp_path).splitlines()[2:]
    assert rows[0] == "| `c` | 512 | relu | float32 | 19.88 | 0.8123 | 0.7000 | 25.0% |"
    assert [row.split("`")[1] for row in rows] == ["c", "a", "b"]


def test_trainers_from_several_files_fastest_first(tmp_path):
    common = {"architecture": "relu", "precision": "float32", "peak_mib": 1234.5, "loss": 190.04, "l0": 20.4}
    common |= {"explained_variance": 0.7849, "x_encoder": 1.234, "spread": {"x_encoder": [1.1, 1.5]}}
    for width, speed in ((4096, 100.0), (512, 3000.4), (512, 90000.4)):
        row = {**common, "package": f"p{speed:.0f}", "width": width, "activations_per_s": speed}
        (tmp_path / f"{speed}.json").write_text(json.dumps([row]))
    rows = trainers_table(sorted(tmp_path.iterdir())).splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == ["p90000", "p3000", "p100"]
    assert rows[0] == (
        "| 512 | p90000 | relu | float32 | 90,000 | 1.23x (1.10-1.50) | 1,234 MiB | 190.0 | 20.4 | 0.785 |"
    )


def test_whole_trainings_are_told_by_their_times_to_one_loss(tmp_path):
    row = {"width": 4096, "trainer": "monosem", "precision": "bfloat16", "peer": "other", "peer_precision": "float32"}
    measured = {"loss": 177.16, "seconds": 50.8, "peer_seconds": 210.4, "ratio": 4.13}
    (tmp_path / "whole.json").write_text(json.dumps([{**row, **measured}]))
    line = whole_table(tmp_path / "whole.json").splitlines()[2]
    assert line == "| 4,096 | monosem, bfloat16 | other, float32 | 177.2 | 51 s | 210 s | 4.1 |"


def test_judgements_give_medians_chance_and_the_reasons_for_missing_scores(tmp_path):
    counts = {"ok": 3, "unparsable": 1, "timeout": 0, "dead": 5, "not_chosen": 9}
    record = {"model": "A", "dictionary": "neurons", "n_asked": 5, "n_explained": 4, "explainer": "large"}
    record["simulation"] = {"spearman": {"median": 0.256, "n": 3}, "status_counts": counts}
    record["fuzzing"] = {"balanced_accuracy": {"median": None, "n": 0}, "status_counts": {"ok": 0, "refused": 4}}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(record))
    simulation, fuzzing = llm_table([path]).splitlines()[2:]
    assert simulation == "| `A/neurons` | 4 of 5, by large | simulation, spearman | 0.26 | 0 | 3 | 1 unparsable |"
    assert (
        fuzzing == "| `A/neurons` | 4 of 5, by large | fuzzing, balanced accuracy | undefined | 0.5 | 0 | 4 refused |"
    )
