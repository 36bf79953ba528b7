"""Made-up records of carriers and coupled features in which every finding comes out as said, and how to contradict."""

NOTE = {"note": "planted numbers"}
COUNTS = {"median": 2.0, "fewest": 2, "most": 4, "together": 0.8}
GROUPS = {"turning": 9, "by_chance": 2, "candidates": 99, "greatest": 1.5}
RECORDS: dict[str, dict] = {
    "carriers": {
        "binary": {"median": 1.0, "fewest": 1, "most": 2},
        "continuous": dict(COUNTS),
        "ratios": dict(COUNTS),
        "layers": {
            "shallowest": {"continuous": 3.0, "kl_ablated": 3.0},
            "deepest": {"continuous": 2.0, "kl_ablated": 0.1},
        },
    },
    "coupled_features": {"pairs": dict(GROUPS), "triples": dict(GROUPS)},
}
for _record in RECORDS.values():
    _record |= NOTE

CONTRADICTED: dict[str, tuple[str, str, object]] = {
    "binary-carried-by-one": ("carriers", "binary.median", 2.0),
    "temperature-carried-by-several": ("carriers", "continuous.median", 1.0),
    "ratios-carried-by-several": ("carriers", "ratios.together", 0.5),
    "more-layers-need-fewer": ("carriers", "layers.deepest.continuous", 3.0),
    "coupled-pairs-in-text": ("coupled_features", "pairs.by_chance", 9),
    "coupled-triples-in-text": ("coupled_features", "triples.turning", 2),
}
