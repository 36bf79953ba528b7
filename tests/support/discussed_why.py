"""Made-up records of why autoencoders work, and on what, in which every finding comes out as said; see `discussed`."""

NOTE = {"note": "planted numbers"}
UNTRAINED = {"score": 0.4}
RECORDS: dict[str, dict] = {
    "penalties": {
        "none": {"explained_variance": 0.99, "share_on": 0.5, "cosine": 0.9, "score": 0.3},
        "usual": {"explained_variance": 0.7, "share_on": 0.02, "score": 0.6},
        "neurons": UNTRAINED,
        "random": UNTRAINED,
        "steps": {"smallest_gain": 0.01, "smallest_fall": 0.02},
    },
    "naming": {
        "curves": {
            "offline": {
                "n_sizes": 3,
                "work": {"exponent": 0.9, "exponent_se": 0.1},
                "quality": {"per_doubling": 0.01, "low": -0.01, "high": 0.03},
            }
        },
        "against_offline": {"difference": 0.1, "low": 0.0, "high": 0.2, "n": 18},
    },
    "targets": {
        "null_space": {"dimensions": 0.75, "activations": 0.6, "reconstructions": 0.55, "decoder": 0.6},
        "sites": {
            "mlp_post": {"nats": 0.2, "score": 0.6, "universality": 0.3, "likeness": 0.0},
            "mlp_out": {"nats": 0.15, "score_less": 0.0, "universality": 0.4},
            "resid_post": {"nats": 0.3, "score_less": -0.1, "universality": 0.4},
            "logits": {"nats": 0.1, "score_less": -0.01, "universality": 0.5},
        },
    },
}
RECORDS["targets"]["sites"]["mlp_post"]["word"] = {"n": 9, "likeness": 0.2}
for _record in RECORDS.values():
    _record |= NOTE

CONTRADICTED: dict[str, tuple[str, str, object]] = {
    "no-penalty-is-identity-like": ("penalties", "none.explained_variance", 0.9),
    "no-penalty-half-on": ("penalties", "none.share_on", 0.9),
    "penalty-makes-interpretable": ("penalties", "none.score", 0.5),
    "penalty-trades-loss-for-meaning": ("penalties", "steps.smallest_fall", 0.0),
    "naming-cost-in-proportion": ("naming", "curves.offline.work.exponent", 0.7),
    "naming-quality-holds": ("naming", "curves.offline.quality.per_doubling", -0.01),
    "model-names-as-well": ("naming", "against_offline.difference", -0.1),
    "mlp-post-spends-on-the-unseen": ("targets", "null_space.reconstructions", 0.5),
    "nearer-targets-lose-less": ("targets", "sites.logits.nats", 0.16),
    "nearer-targets-as-interpretable": ("targets", "sites.logits.score_less", -0.06),
    "logits-are-more-universal": ("targets", "sites.logits.universality", 0.3),
    "word-features-promote-different-tokens": ("targets", "sites.mlp_post.word.likeness", 0.5),
}
