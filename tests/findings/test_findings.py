from dataclasses import replace
from functools import cache
from itertools import pairwise

import investigated
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from investigated import nothing
from synthetic_runs import HEADLINE, document_table, eval_record

from monosem.findings.criteria import PUBLISHED
from monosem.findings.measurements import Measurements, recovered_share
from monosem.findings.scoreboard import COLUMNS, judge
from monosem.ground.records import DIFFERENCE_COLUMNS, SOURCES, Run

SITE = "mlp_post"
FINDINGS = {finding.id: finding for finding in PUBLISHED}


LLM_SCORES = {("A", HEADLINE): (0.4, 0.8), ("A", "neurons"): (0.1, 0.5), ("control", HEADLINE): (0.5, 0.7)}


def run(model: str, dictionary: str = HEADLINE) -> Run:
    return Run(model, SITE, dictionary)


def feature_rows(density: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"feature": range(len(density)), "density": density}).assign(**run("A")._asdict())


def explanation_rows(model: str, single: list[bool | None]) -> pd.DataFrame:
    column = pd.array(single, dtype="boolean")
    return pd.DataFrame({"single_token": column, "n_top": 10}).assign(**run(model)._asdict())


def match_record(median: float, logits: float) -> dict:
    correlation = {"correlation": {"median": median, "n": 90}, "logit_correlation": {"median": logits}}
    return {**correlation, "n_tokens": 10**6, "status_counts": {"ok": 90, "dead": 10}}


def score_record(median: float | None, zeros: float = 0.9, undefined: int = 0) -> dict:
    counts = {"ok": 100 - undefined, "dead": 7, "too_few_examples": 5, "undefined_constant_prediction": undefined}
    medians = {name: {"median": median, "n": 100} for name in ("spearman", "spearman_weighted")}
    return {**medians, "zero_share_random": {"mean": zeros}, "status_counts": counts}


def llm_record(spearman: float, accuracy: float, explained: int = 190) -> dict:
    tests = {"simulation": {"spearman": {"median": spearman}}, "logits": {"accuracy": {"median": accuracy}}}
    return {"n_asked": 200, "n_explained": explained, "explainer": "large", "scorer": "small", **tests}


def difference_rows(sign: int = 1) -> pd.DataFrame:
    pairs = [(run("A"), run("A", "neurons"), 0.3), (run("control"), run("A"), 0.1)]
    rows = []
    for measure in ("spearman", "spearman_weighted"):
        for left, right, by in pairs:
            difference = sign * by
            rows.append((measure, str(left), str(right), 9, 9, difference, difference - 0.05, difference + 0.05))
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


@cache
def measured() -> Measurements:
    """A run of everything, in which every finding comes out as in the paper."""
    widths = {"narrow": 4096, "wide": 131_072, HEADLINE: 4096}
    losses = {"n_dead": 100, "n_tokens": 10**8}
    evals = {}
    for model in ("A", "B", "control"):
        for dictionary, width in widths.items():
            sae = 4.05 if dictionary == "wide" else 4.2
            evals[run(model, dictionary)] = eval_record(model, HEADLINE, n_features=width, loss_sae=sae, **losses)
        evals[run(model, "neurons")] = eval_record(model, "neurons", n_features=512, n_tokens=10**8)
    scores = {("A", HEADLINE): (0.5, 0.9), ("A", "neurons"): (0.2, 0.6), ("control", HEADLINE): (0.6, 0.9)}
    matches = {HEADLINE: 0.75, "neurons": 0.4}
    explanations = [explanation_rows("A", [True, False] * 50), explanation_rows("control", [True, True] * 50)]
    return Measurements(
        site=SITE,
        headline=HEADLINE,
        sweep=["wide", "narrow"],
        evals=evals,
        features=feature_rows([1e-4] * 95 + [1e-2, 0, 0, 1e-7, 1e-5]),
        scores={run(*key): score_record(*numbers) for key, numbers in scores.items()},
        llm_scores={run(*key): llm_record(*numbers) for key, numbers in LLM_SCORES.items()},
        differences=difference_rows(),
        ratings={
            "runs": {str(run("A", name)): {"median": m, "n": 30} for name, m in {HEADLINE: 11, "neurons": 1}.items()}
        },
        explanations=pd.concat(explanations, ignore_index=True),
        universality={run("A", name): match_record(m, m / 3) for name, m in matches.items()},
        investigations=investigated.RECORDS,
        documents={of: document_table(record) for of, record in evals.items()},
    )


def changed_eval(model: str, dictionary: str = HEADLINE, **changes: object) -> Measurements:
    base = measured()
    record = base.evals[run(model, dictionary)] | changes
    documents = {**base.documents, run(model, dictionary): document_table(record)}
    return replace(base, evals=base.evals | {run(model, dictionary): record}, documents=documents)


def changed_score(model: str, dictionary: str, median: float | None, **changes: float) -> Measurements:
    base = measured()
    return replace(base, scores=base.scores | {run(model, dictionary): score_record(median, **changes)})


def changed_llm(model: str, dictionary: str, *numbers: float) -> Measurements:
    base = measured()
    return replace(base, llm_scores=base.llm_scores | {run(model, dictionary): llm_record(*numbers)})


def changed_match(dictionary: str, median: float, logits: float = 0.1) -> Measurements:
    base = measured()
    return replace(base, universality={**base.universality, run("A", dictionary): match_record(median, logits)})


CONTRADICTED = {
    "mlp-matters": lambda: changed_eval("A", loss_zero=3.9),
    "sparse-and-faithful-A": lambda: changed_eval("A", l0=21.0),
    "sparse-and-faithful-B": lambda: changed_eval("B", loss_sae=4.22),
    "wider-recovers-more": lambda: changed_eval("A", "wide", loss_sae=4.3),
    "widest-recovers": lambda: changed_eval("A", "wide", loss_sae=4.06),
    "few-dead": lambda: replace(measured(), features=feature_rows([0] * 30 + [1e-4] * 70)),
    "few-ultralow": lambda: replace(measured(), features=feature_rows([1e-7] * 20 + [1e-4] * 80)),
    "densities": lambda: replace(measured(), features=feature_rows([1e-2] * 80 + [1e-4] * 20)),
    "few-dense": lambda: replace(measured(), features=feature_rows([1e-2] * 40 + [1e-4] * 60)),
    "features-beat-neurons": lambda: replace(measured(), differences=difference_rows(-1)),
    "features-beat-neurons-weighted": lambda: replace(measured(), differences=difference_rows(-1)),
    "control-beats-features": lambda: replace(measured(), differences=difference_rows(-1)),
    "control-is-single-token": lambda: replace(
        measured(),
        explanations=pd.concat([explanation_rows("A", [True] * 90), explanation_rows("control", [True, False] * 50)]),
    ),
    "neurons-fire-more": lambda: changed_score("A", "neurons", 0.2, zeros=0.9),
    "people-prefer-features": lambda: replace(
        measured(), ratings={"runs": {str(run("A", name)): {"median": 3, "n": 9} for name in (HEADLINE, "neurons")}}
    ),
    "llm-features-beat-neurons": lambda: changed_llm("A", "neurons", 0.4, 0.5),
    "llm-control-beats-features": lambda: changed_llm("control", HEADLINE, 0.4, 0.7),
    "llm-predicts-logits": lambda: changed_llm("A", HEADLINE, 0.4, 0.73),
    "llm-failed-explanations": lambda: changed_llm("A", HEADLINE, 0.4, 0.8, 160),
    "universal-features": lambda: changed_match(HEADLINE, 0.7199),
    "features-more-universal": lambda: changed_match("neurons", 0.75),
    "logits-correspond-less": lambda: changed_match(HEADLINE, 0.75, logits=0.8),
    **{
        id: lambda change=change: replace(measured(), investigations=investigated.changed(*change))
        for id, change in investigated.CONTRADICTED.items()
    },
}


@pytest.mark.parametrize("id", FINDINGS)
def test_each_finding_can_be_reproduced_contradicted_and_not_run(id):
    verdicts = [judge(FINDINGS[id], case)["verdict"] for case in (measured(), CONTRADICTED[id](), nothing())]
    assert verdicts == ["reproduced", "not reproduced", "not run"]


@pytest.mark.parametrize("id", FINDINGS)
def test_a_contradicted_finding_leaves_unrelated_findings_alone(id):
    case = CONTRADICTED[id]()
    flipped = {other for other in FINDINGS if judge(FINDINGS[other], case)["verdict"] != "reproduced"}
    assert id in flipped
    assert len(flipped) <= 5  # those that rest on the same number; a loss feeds most


def test_every_finding_says_where_it_stands_in_the_paper_and_how_we_know():
    assert len({finding.id for finding in PUBLISHED}) == len(PUBLISHED)
    for finding in PUBLISHED:
        assert finding.section.startswith("#") or finding.section == "discussion"
        assert finding.source in SOURCES
        row = judge(finding, nothing())
        assert tuple(row) == COLUMNS
        assert all("\t" not in value and "\n" not in value for value in row.values())


@pytest.mark.parametrize("id", ["few-ultralow", "widest-recovers"])
def test_what_too_small_a_run_cannot_show_is_not_run_and_says_why(id):
    small = changed_eval("A", n_tokens=10_000) if id == "few-ultralow" else changed_eval("A", "wide", n_features=8)
    row = judge(FINDINGS[id], small)
    assert row["verdict"] == "not run" and row["run"].startswith("needs ")


def test_findings_by_a_language_model_say_which_and_on_how_many():
    row = judge(FINDINGS["llm-predicts-logits"], measured())
    assert row["run"].endswith("(190 features and 190 neurons explained by large, tested by small)")
    assert row["measured"] == "features 0.8000, neurons 0.5000"


def test_an_undefined_median_is_not_run_and_never_a_number():
    row = judge(FINDINGS["features-beat-neurons"], changed_score("A", HEADLINE, None))
    assert (row["verdict"], row["measured"]) == ("not run", "")
    assert "undefined" in row["run"]


def test_a_difference_of_medians_is_given_with_its_interval():
    row = judge(FINDINGS["features-beat-neurons"], measured())
    assert row["measured"] == "features 0.5000, neurons 0.2000, difference 0.3000 (0.2500 to 0.3500)"
    without = replace(measured(), differences=difference_rows()[:0])
    assert (
        "needs the scores of A/mlp_post/relu-w128 compared with"
        in judge(FINDINGS["features-beat-neurons"], without)["run"]
    )


def single_token(of_a: list[bool | None], of_control: list[bool | None]) -> dict[str, str]:
    rows = [explanation_rows("A", of_a), explanation_rows("control", of_control)]
    return judge(FINDINGS["control-is-single-token"], replace(measured(), explanations=pd.concat(rows)))


def test_features_with_too_few_top_examples_do_not_count_as_either():
    row = single_token([True, False, None, None], [True, True, True, False, None])
    assert row["measured"] == "control 0.7500 (0.3006 to 0.9544), features 0.5000 (0.09453 to 0.9055)"
    assert row["verdict"] == "inconclusive"
    assert row["run"].endswith("(judged: 4 control, 2 features)")
    assert single_token([None, None], [True])["verdict"] == "not run"


def test_universality_says_how_many_were_matched_and_how_many_dead_were_left_out():
    assert judge(FINDINGS["universal-features"], measured())["run"].endswith("(90 matched, 10 dead excluded)")
    assert judge(FINDINGS["features-more-universal"], measured())["run"].count("90 matched, 10 dead excluded") == 2


def test_a_record_without_a_field_is_an_error_not_a_missing_run():
    base = measured()
    broken = replace(base, evals=base.evals | {run("A"): {"l0": 3.0}})
    with pytest.raises(ValueError, match=r"A/mlp_post/relu-w128: record has no field `loss_clean`"):
        judge(FINDINGS["sparse-and-faithful-A"], broken)


@given(st.floats(0.1, 5), st.floats(0.01, 5), st.floats(-1, 2))
def test_loss_recovered_is_linear_between_zero_ablated_and_clean(clean, gap, share):
    losses = {"loss_clean": clean, "loss_zero": clean + gap, "loss_sae": clean + gap * (1 - share)}
    m = replace(measured(), evals={run("A"): losses})
    assert recovered_share(m, run("A")) == pytest.approx(share, abs=1e-6 / gap)


@given(st.permutations([512, 4096, 16_384, 32_768]), st.randoms())
def test_the_sweep_is_ordered_by_width_whatever_the_order_of_names(widths, random):
    names = [f"d{width}" for width in widths]
    evals = {run("A", f"d{width}"): eval_record("A", HEADLINE, loss_sae=5 - width / 50_000) for width in widths}
    for width in widths:
        evals[run("A", f"d{width}")]["n_features"] = width
    row = judge(FINDINGS["wider-recovers-more"], replace(measured(), evals=evals, sweep=names))
    assert row["verdict"] == "reproduced"
    shown = [int(name.removeprefix("A/mlp_post/d")) for name in row["run"].split(", ")]
    assert all(narrow < wide for narrow, wide in pairwise(shown))


def test_what_has_nothing_left_to_find_is_not_testable():
    investigations = investigated.changed("planted_recovery", "spare.none.recovered", 1.0)
    row = judge(FINDINGS["planted-resampling-helps"], replace(measured(), investigations=investigations))
    assert row["verdict"] == "not run" and row["run"].startswith("not testable here: all of the truth is found")
