"""Made-up records of investigations in which every finding comes out as in the paper, and how to contradict each."""

import copy

import discussed
import pandas as pd
from synthetic_runs import HEADLINE

from monosem.findings.measurements import Measurements
from monosem.ground.records import DIFFERENCE_COLUMNS

CONTEXTS = {
    "Arabic": {"sensitivity": 0.8, "match_correlation": 0.95},
    "Hebrew": {"sensitivity": 0.6, "match_correlation": 0.95},
    "DNA": {"sensitivity": 0.9, "match_correlation": 0.95},
    "base64": {"sensitivity": 0.4, "match_correlation": 0.9},
}
OF_EACH_CONTEXT = {
    "absent": False,
    "feature": 3,
    "n_inside": 999,
    "proxy_share": 0.05,
    "document_share": 0.01,
    "n_documents": 22,
    "n_documents_chosen": 21,
    "recall": 0.8,
    "neuron_sensitivity": 0.2,
    "inside": 0.9,
    "inside_weak": 0.3,
    "inside_strong": 0.99,
    "lead": 0.2,
    "sharpening": 0.69,
    "nearest_correlation": 0.1,
    "logit_area": 0.9,
}

RECORDS: dict[str, dict] = {
    **discussed.RECORDS,
    "splitting": {
        "model": "A",
        "n_tokens": 10**8,
        "dictionaries": [{"dictionary": "narrow"}, {"dictionary": "wide"}],
        "kin": {"median": 3.0},
        "kin_by_chance": {"median": 0.0},
        "kin_within": {"median": 1.0},
        "groups": {
            "base64": {"n_tokens": 9, "narrowest": 1, "widest": 3, "smallest_step": 2},
            "the": {"n_tokens": 9, "narrowest": 1, "widest": 101, "smallest_step": 100},
        },
    },
    "feature_map": {
        "n_tokens": 10**8,
        "n_clusters": 9,
        "share_in_clusters": 0.8,
        "share_of_several_widths": 0.9,
        "several_widths_by_chance": 0.9,
        "with_parent": 0.5,
        "with_parent_less_random": 0.4,
        "with_random": 0.1,
    },
    "effects": {
        "n_tokens": 10**8,
        "n_pairs": 60_000,
        "n_features": 1900,
        "correlation": {"attribution": 0.5, "divided": 0.7},
        "of_a_feature": {"divided": {"median": 0.6}},
        "share_helpful": 0.8,
    },
    "steering": {
        "n_tokens": 10**4,
        "n_texts": 64,
        "perplexity_unsteered": 28.0,
        "contexts": {name: {"gain": 0.5, "lead": 0.4, "perplexity": 90.0} for name in CONTEXTS},
    },
    "automata": {
        "n_tokens": 10**8,
        "n_edges": 9000,
        "n_self_loops_in": 4,
        "n_self_loops": 70,
        "n_pairs": 9,
        "n_chains": 7,
        "longest_chain": 4,
        "by_chance": {"n_self_loops_in": 0, "n_self_loops": 7, "n_pairs": 1, "n_chains": 2, "longest_chain": 3},
    },
    "explained": {
        "n_tokens": 10**6,
        "k": 20,
        "headline": {"l0": 19.0, "loss_recovered": 0.8},
        "equal_l0": {
            "pca": {"loss_recovered": 0.5, "difference_se": 0.01},
            "pca_largest": {"loss_recovered": 0.6, "difference_se": 0.01},
            "ica_largest": {"loss_recovered": 0.6, "difference_se": 0.01},
            "neurons": {"loss_recovered": 0.7, "difference_se": 0.01},
            "small_mlp": {"loss_recovered": 0.75, "difference_se": 0.01, "size": 64, "l0": 20.0},
        },
    },
    "correspondence": {
        "n_tokens": 10**8,
        "comparisons": {
            name: {"n_paired": 99, "correlation": {"median": median, "found_again": 0.6}}
            for name, median in {"seed": 0.9, "model": 0.75, "control": 0.2}.items()
        },
    },
    "contexts": {
        "n_tokens": 2 * 10**8,
        "n_measured": 10**8,
        "contexts": {name: numbers | OF_EACH_CONTEXT for name, numbers in CONTEXTS.items()},
    },
    "purity": {
        "n_tokens": 10**8,
        "category": {
            "all_tokens": 4.0,
            "features": {"median": 1.0},
            "neurons": {"median": 3.0},
            "strongest of neurons": {"median": 2.0},
        },
        "token": {
            "all_tokens": 9.0,
            "features": {"median": 2.0},
            "neurons": {"median": 7.0},
            "strongest of neurons": {"median": 5.0},
        },
    },
    "tokens": {
        "n_tokens": 10**8,
        "word": {
            "text": " the",
            "narrowest": 1,
            "widest": 100,
            "smallest_step": 9,
            "in_context_share_of_widest": 0.9,
        },
    },
    "geometry": {
        "n_tokens": 10**8,
        "with_bias": {
            "n_low": 460,
            "low_share": 0.11,
            "basis": {"one": 0.02, "few": 0.03, "dense": 0.95, "neurons": {"n": 1900}},
            "told_apart_by": {"bias": 0.8, "cosine": 0.9, "both": 0.95},
            "likeness": {"encoders": {"low": 0.9, "alive": 0.1}, "decoders": {"low": 0.1, "alive": 0.0}},
            "weak_load": {"low": 0.5, "alive": 0.25, "gap": 0.25},
        },
        "without_bias": {
            "dictionary": "wide",
            "low_share": 0.01,
            "weak_load": {"low": 0.3, "alive": 0.25, "gap": 0.05},
        },
    },
}
for record in RECORDS.values():
    record.setdefault("model", "A")
    record.setdefault("site", "mlp_post")

# id of a finding: the investigation, its dotted field, and a value that speaks against the finding
CONTRADICTED: dict[str, tuple[str, str, object]] = {
    **discussed.CONTRADICTED,
    "base64-splits": ("splitting", "groups.base64.smallest_step", 0),
    "features-split": ("splitting", "kin_within.median", 2.0),
    "many-the": ("splitting", "groups.the.widest", 100),
    "families-are-neighbours": ("feature_map", "with_parent_less_random", 0.0),
    "ablation-agrees-with-weights": ("effects", "correlation.divided", 0.5),
    "features-help": ("effects", "share_helpful", 0.5),
    "steering-brings-context": ("steering", "contexts.DNA.gain", 0.0),
    "steering-is-specific": ("steering", "contexts.Hebrew.lead", -0.1),
    "self-loops": ("automata", "by_chance.n_self_loops_in", 4),
    "taking-turns": ("automata", "by_chance.n_pairs", 9),
    "chains": ("automata", "longest_chain", 3),
    "features-beat-largest-neurons": ("explained", "equal_l0.neurons.loss_recovered", 0.9),
    "features-beat-components": ("explained", "equal_l0.pca.loss_recovered", 0.9),
    "small-mlp-similar": ("explained", "equal_l0.small_mlp.loss_recovered", 0.65),
    "half-are-shared": ("correspondence", "comparisons.model.correlation.found_again", 0.49),
    "seeds-agree-most": ("correspondence", "comparisons.seed.correlation.median", 0.75),
    "control-agrees-least": ("correspondence", "comparisons.control.correlation.median", 0.76),
    "sensitive-Arabic": ("contexts", "contexts.Arabic.sensitivity", 0.73),
    "sensitive-Hebrew": ("contexts", "contexts.Hebrew.sensitivity", 0.54),
    "sensitive-DNA": ("contexts", "contexts.DNA.sensitivity", 0.79),
    "sensitive-base64": ("contexts", "contexts.base64.sensitivity", 0.37),
    "specific-Arabic": ("contexts", "contexts.Arabic.inside", 0.8),
    "specific-contexts": ("contexts", "contexts.DNA.sharpening", 0.0),
    "context-features-are-no-neurons": ("contexts", "contexts.Hebrew.nearest_correlation", 0.11),
    "no-neuron-is-as-sensitive": ("contexts", "contexts.base64.lead", 0.0),
    "contexts-downstream": ("contexts", "contexts.base64.logit_area", 0.5),
    "universal-Arabic": ("contexts", "contexts.Arabic.match_correlation", 0.9),
    "universal-Hebrew": ("contexts", "contexts.Hebrew.match_correlation", 0.91),
    "universal-DNA": ("contexts", "contexts.DNA.match_correlation", 0.91),
    "universal-base64": ("contexts", "contexts.base64.match_correlation", 0.84),
    "purer-in-category": ("purity", "category.features.median", 2.0),
    "purer-in-token": ("purity", "token.strongest of neurons.median", 2.0),
    "spread-over-neurons": ("geometry", "with_bias.basis.dense", 0.89),
    "more-features-of-a-token": ("tokens", "word.smallest_step", 0),
    "token-in-context": ("tokens", "word.in_context_share_of_widest", 0.1),
    "low-clusters-separate": ("geometry", "with_bias.told_apart_by.both", 0.89),
    "low-encoders-alike": ("geometry", "with_bias.likeness.decoders.low", 0.9),
    "low-load-on-weak-neurons": ("geometry", "with_bias.weak_load.low", 0.25),
    "bias-lets-features-die": ("geometry", "without_bias.low_share", 0.11),
    "bias-loads-weak-neurons": ("geometry", "without_bias.weak_load.gap", 0.25),
}


def changed(name: str, field: str, value: object) -> dict[str, dict]:
    records = copy.deepcopy(RECORDS)
    place = records[name]
    *path, last = field.split(".")
    for part in path:
        place = place[part]
    assert last in place
    place[last] = value
    return records


def nothing() -> Measurements:
    """Of a run that made nothing."""
    empty = pd.DataFrame(columns=["model", "site", "dictionary", "density", "single_token", "n_top"])
    differences = pd.DataFrame(columns=DIFFERENCE_COLUMNS)
    return Measurements("mlp_post", HEADLINE, ["wide", "narrow"], {}, empty, {}, {}, empty, differences, {}, {}, {})
