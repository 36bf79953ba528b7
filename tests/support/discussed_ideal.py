"""Made-up records of carriers and coupled features in which every finding comes out as said, and how to contradict."""

NOTE = {"note": "planted numbers"}
DEPTH = {"held": 4, "dictionaries": 4, "most": 4.0, "together": 0.8, "kl_ablated": 3.0}
ENDS = {
    "shallowest": {"n_layers": 1, "median": 3.0, "mean": 3.0},
    "deepest": {"n_layers": 2, "median": 2.0, "mean": 2.5},
}
COUNTS = {end: DEPTH | numbers for end, numbers in ENDS.items()}
GROUPS = {"turning": 9, "by_chance": 2, "candidates": 99, "greatest": 1.5}
RECORDS: dict[str, dict] = {
    "carriers": {
        "binary": {end: numbers | {"median": 1.0} for end, numbers in COUNTS.items()},
        "continuous": {end: dict(numbers) for end, numbers in COUNTS.items()},
        "ratios": {end: dict(numbers) for end, numbers in COUNTS.items()},
    },
    "coupled_features": {"pairs": dict(GROUPS), "triples": dict(GROUPS)},
}
for _record in RECORDS.values():
    _record |= NOTE

CONTRADICTED: dict[str, tuple[str, str, object]] = {
    "binary-carried-by-one": ("carriers", "binary.deepest.median", 2.0),
    "temperature-carried-by-several": ("carriers", "continuous.shallowest.median", 1.0),
    "ratios-carried-by-several": ("carriers", "ratios.deepest.together", 0.5),
    "more-layers-need-fewer": ("carriers", "continuous.deepest.mean", 3.0),
    "coupled-pairs-in-text": ("coupled_features", "pairs.by_chance", 9),
    "coupled-triples-in-text": ("coupled_features", "triples.turning", 2),
}
