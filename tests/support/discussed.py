"""Made-up records of `theory` in which every finding comes out as said, and how to contradict each."""

import discussed_ideal
import discussed_toy
import discussed_why

KL = {"with biases": {"1": 0.0, "2": 0.0}, "without biases": {"1": 0.5, "2": 0.5}}
HARD = {"with biases": {"1": 0.1, "2": 0.0}}
NOTE = {"note": "planted numbers"}
RECORDS: dict[str, dict] = {
    "log_ratios": {
        "largest_bend": 0.0,
        "most": {"softmax": 0.0},
        "at_greatest": {"normalised": 0.0, "formula": 0.3},
    },
    "fixed_triples": {
        "free": {"largest_kl": 1e-6},
        "quarter": {"largest_kl": 1e-4},
        "narrow": {"median_kl": 2.0},
    },
    "continuous_targets": {"kl": {"straight": KL, "turning": HARD, "bent": {"with biases": {"1": 0.2, "2": 0.0}}}},
    "one_neuron": {
        "fixed": {"one": 0.82, "two": 0.69},
        "unpenalised": {"1": 0.2, "2": 0.7},
        "below_turn": {"2": 0.6},
        "above_turn": {"1": 0.6},
        "real": {"median_loss": 0.3},
    },
    "spread_features": {
        "nonhomogeneity": {"spread": {"usual": 0.03, "large": 0.2}, "aligned": {"usual": 0.2}},
        "recovered_within": 1e-12,
        "half_negative_bend": 0.0,
    },
    "nonhomogeneity": {
        "on_one_neuron": {"on": 33, "room": 88},
        "on_all": {"on": 1, "room": 480},
        "agreement": 0.95,
    },
    "sparse_codes": {
        "plane": {"share": 1.0, "smallest_margin": 0.1, "margin_of_coincident": 0.0},
        "many": {"share_at_half": 1.0, "share_at_one": 1.0},
    },
    "encoders": {
        "by_hand": {"input": 2.2, "code": 2.9, "decoded": 2.91},
        "planted": {
            name: {"error": error}
            for name, error in {"tied": 2, "with bias": 0.5, "untied": 0.2, "MLP": 0.1, "many steps": 0.0}.items()
        },
        "autoencoder": {"recovered": 0.9, "mmcs": 0.95},
    },
}
for _record in RECORDS.values():
    _record |= NOTE
RECORDS |= discussed_ideal.RECORDS | discussed_toy.RECORDS | discussed_why.RECORDS

CONTRADICTED: dict[str, tuple[str, str, object]] = {
    "ratios-never-turn": ("log_ratios", "most.softmax", 0.001),
    "ratios-never-turn-normalised": ("log_ratios", "at_greatest.normalised", 0.4),
    "binary-takes-one": ("fixed_triples", "free.largest_kl", 0.001),
    "binary-takes-one-narrow": ("fixed_triples", "quarter.largest_kl", 1.0),
    "three-modes-take-one": ("continuous_targets", "kl.straight.with biases.1", 0.1),
    "turning-ratios-take-two": ("continuous_targets", "kl.turning.with biases.1", 0.01),
    "monotone-is-not-enough": ("continuous_targets", "kl.bent.with biases.2", 0.001),
    "two-meanings-cost-less": ("one_neuron", "fixed.two", 0.82),
    "trained-neuron-has-two-meanings": ("one_neuron", "unpenalised.2", 0.5),
    "sparsity-can-make-it-one": ("one_neuron", "above_turn.1", 0.5),
    "real-valued-neuron-does-better": ("one_neuron", "real.median_loss", 0.7),
    "spread-features-are-lines": ("spread_features", "nonhomogeneity.spread.usual", 0.1),
    "larger-inputs-bring-it-back": ("spread_features", "recovered_within", 0.1),
    "half-negative-is-a-line": ("spread_features", "half_negative_bend", 0.1),
    "spreading-trades-off": ("nonhomogeneity", "on_all.on", 33),
    "post-and-code-agree": ("nonhomogeneity", "agreement", 0.89),
    "l1-picks-the-sparser": ("sparse_codes", "plane.share", 0.99),
    "l1-picks-the-sparser-anywhere": ("sparse_codes", "many.share_at_half", 0.3),
    "tied-encoder-overshoots": ("encoders", "by_hand.decoded", 2.2),
    "reconstruction-is-root-8.5": ("encoders", "by_hand.decoded", 3.8),
    "better-encoders-reconstruct-better": ("encoders", "planted.MLP.error", 0.2),
    "planted-truth-is-found": ("encoders", "autoencoder.recovered", 0.89),
}
CONTRADICTED |= discussed_ideal.CONTRADICTED | discussed_toy.CONTRADICTED | discussed_why.CONTRADICTED
