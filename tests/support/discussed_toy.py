"""Made-up records of experiments with a known truth in which every finding comes out as said, and how to contradict."""

NOTE = {"note": "planted numbers"}


def handled():
    left, mended = ({"recovered": share, "alive": share} for share in (0.8, 0.9))
    return {"none": left, "resampling": mended, "with_term": {"none": dict(left), "term": dict(mended)}}


RECORDS: dict[str, dict] = {
    "planted_recovery": {
        "least": {"recovered": 0.9, "mmcs": 0.95},
        "width": {
            name: {"recovered": found} for name, found in (("narrowest", 0.4), ("as_wide", 0.9), ("widest", 1.0))
        },
        "on": {"sparsest": {"recovered": 1.0}, "densest": {"recovered": 0.2}},
        "together": {"least": {"recovered": 0.9}, "most": {"recovered": 0.5}},
        "spare": handled(),
        "needed": handled(),
    },
    "output_superposition": {
        "softmax": {"sparsest": {"a_neuron": 4, "named": 64}, "densest": {"a_neuron": 0.1}},
        "squared": {"sparsest": {"named": 16}, "most": 1.0, "most_rises": 1.0},
        "squared_ReLU": {"sparsest": {"a_neuron": 2, "named": 32}, "most": 2},
    },
    "layerwise_memory": {
        "largest_rise": -0.1,
        "fewest": {"before_last_layer": 0.9, "largest_share_of_a_layer": 0.4},
        "most": {"before_last_layer": 0.5, "largest_share_of_a_layer": 0.4},
        "gradient_ratio": 2.0,
    },
    "layerwise_features": {
        "share": {"features": 0.6, "drawn_features": 0.3, "neurons": 0.1, "by_chance": 0.0},
        "smallest_lead": 0.2,
        "least": 0.5,
        "shallow": 0.5,
        "deep": 0.7,
    },
}
for _record in RECORDS.values():
    _record |= NOTE

CONTRADICTED: dict[str, tuple[str, str, object]] = {
    "planted-truth-by-every-kind": ("planted_recovery", "least.recovered", 0.89),
    "planted-denser-is-harder": ("planted_recovery", "on.densest.recovered", 1.0),
    "planted-wider-finds-more": ("planted_recovery", "width.widest.recovered", 0.8),
    "planted-pairs-are-harder": ("planted_recovery", "together.most.recovered", 0.9),
    "planted-resampling-helps": ("planted_recovery", "spare.resampling.recovered", 0.8),
    "planted-extra-loss-helps": ("planted_recovery", "spare.with_term.term.recovered", 0.8),
    "planted-resampling-mends-haste": ("planted_recovery", "needed.resampling.recovered", 0.8),
    "planted-extra-loss-mends-haste": ("planted_recovery", "needed.with_term.term.recovered", 0.8),
    "softmax-alone-makes-superposition": ("output_superposition", "softmax.sparsest.a_neuron", 1),
    "squared-loss-makes-none": ("output_superposition", "squared.most", 1.25),
    "output-relu-makes-superposition": ("output_superposition", "squared_ReLU.sparsest.a_neuron", 1),
    "dense-features-share-no-neurons": ("output_superposition", "softmax.densest.a_neuron", 4),
    "memory-builds-up": ("layerwise_memory", "largest_rise", 0.01),
    "more-memories-go-deeper": ("layerwise_memory", "most.before_last_layer", 0.9),
    "memories-are-spread-over-layers": ("layerwise_memory", "most.largest_share_of_a_layer", 0.5),
    "all-layers-are-taught": ("layerwise_memory", "gradient_ratio", 10),
    "features-go-on": ("layerwise_features", "share.features", 0.49),
    "features-go-on-more-than-neurons": ("layerwise_features", "smallest_lead", 0),
    "deeper-models-repeat-more": ("layerwise_features", "deep", 0.5),
}
