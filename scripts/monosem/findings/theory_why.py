"""What posts and comments around the paper ask about why autoencoders work, and on what; criteria as in `theory`."""

from monosem.findings.discussion import AFTERWARDS, SECTION, discussed, taken
from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

FEWEST = 5  # features for a word, whose pairs are to say what is typical


def likeness_for_a_word(m: Measurements) -> Measured:
    n = m.found("targets", "sites.mlp_post.word.n")
    if n < FEWEST:
        raise NotMeasuredError(f"needs {FEWEST} features for the word, has {n:.0f}")
    fields = {"for_the_word": "word.likeness", "any_two": "likeness", "features": "word.n"}
    return taken("targets", **{name: f"sites.mlp_post.{field}" for name, field in fields.items()})(m)


ROWS = (
    discussed(
        "no-penalty-is-identity-like",
        "Without a penalty an overcomplete autoencoder learns an identity-like map: it gives back nearly all of its "
        f"input (explained variance). {AFTERWARDS}",
        "without a penalty, an identity-like map",
        "D",
        all_of(("explained variance", ">=", 0.95)),
        "penalties",
        explained_variance="none.explained_variance",
        under_the_usual="usual.explained_variance",
    ),
    discussed(
        "no-penalty-half-on",
        "It does so with about half of its features on (share on a token), as a map of opposite half-lines would. "
        f"{AFTERWARDS}",
        "that an identity-like map has L0 near half its width",
        "U",
        all_of(("share on", ">=", 0.25), ("share on", "<=", 0.75)),
        "penalties",
        share_on="none.share_on",
        under_the_usual="usual.share_on",
        cosine="none.cosine",
    ),
    discussed(
        "penalty-makes-interpretable",
        "It is the penalty that makes features interpretable: without it they are explained no better than neurons, "
        f"under the headline dictionary's better (medians by the token table). {AFTERWARDS}",
        "why sparse autoencoders work: sparsity",
        "D",
        all_of(("none", "<=", "neurons"), ("usual", ">", "neurons")),
        "penalties",
        none="none.score",
        usual="usual.score",
        neurons="neurons.score",
        random_directions="random.score",
    ),
    discussed(
        "penalty-trades-loss-for-meaning",
        "At each step down from the highest penalty to none, more of the loss is recovered and explanations get worse "
        f"(smallest gain, smallest fall of the median). {AFTERWARDS}",
        "interpretability, loss and L0 go together",
        "U",
        all_of(("smallest gain", ">", 0), ("smallest fall", ">", 0)),
        "penalties",
        smallest_gain="steps.smallest_gain",
        smallest_fall="steps.smallest_fall",
    ),
    discussed(
        "naming-cost-in-proportion",
        "What it costs to name features is in proportion to their number (exponent of the tokens that the token table "
        "predicts, over dictionaries of several widths).",
        "does naming scale?",
        "U",
        all_of(("exponent", ">=", 0.8), ("exponent", "<=", 1.2)),
        "naming",
        exponent="curves.offline.work.exponent",
        error="curves.offline.work.exponent_se",
        sizes="curves.offline.n_sizes",
    ),
    discussed(
        "naming-quality-holds",
        "Names get no worse in wider dictionaries (change of the median score of the token table with each doubling).",
        "does naming scale?",
        "U",
        all_of(("change", ">=", 0)),
        "naming",
        change="curves.offline.quality.per_doubling",
        at_least="curves.offline.quality.low",
        at_most="curves.offline.quality.high",
        sizes="curves.offline.n_sizes",
    ),
    discussed(
        "model-names-as-well",
        "A language model's explanations predict activations as well as the token table's, of the same features (mean "
        "difference of Spearman correlations).",
        "features are named by a language model",
        "U",
        all_of(("difference", ">=", 0)),
        "naming",
        difference="against_offline.difference",
        at_least="against_offline.low",
        at_most="against_offline.high",
        features="against_offline.n",
    ),
    discussed(
        "mlp-post-spends-on-the-unseen",
        "Over half of what a dictionary on mlp_post reconstructs lies where the MLP's output matrix does not look "
        "(share of the variance of reconstructions in its null space).",
        "dictionaries on other places not run, only suggested",
        "U",
        all_of(("reconstructions", ">", 0.5)),
        "targets",
        reconstructions="null_space.reconstructions",
        activations="null_space.activations",
        decoder="null_space.decoder",
        dimensions="null_space.dimensions",
    ),
    discussed(
        "nearer-targets-lose-less",
        "At equal L0 a dictionary on what the MLP puts out costs the model less than one on its neurons, and one on "
        "what it adds to the logits less than that (nats more than without).",
        "dictionaries on other places not run, only suggested",
        "U",
        all_of(("mlp out", "<", "mlp post"), ("logits", "<", "mlp out")),
        "targets",
        mlp_post="sites.mlp_post.nats",
        mlp_out="sites.mlp_out.nats",
        logits="sites.logits.nats",
        resid_post="sites.resid_post.nats",
    ),
    discussed(
        "nearer-targets-as-interpretable",
        "Their features are explained as well (median of the token table, less that on mlp_post; 0.05 worse at most).",
        "dictionaries on other places not run, only suggested",
        "U",
        all_of(("mlp out", ">=", -0.05), ("logits", ">=", -0.05)),
        "targets",
        mlp_out="sites.mlp_out.score_less",
        logits="sites.logits.score_less",
        resid_post="sites.resid_post.score_less",
        mlp_post="sites.mlp_post.score",
    ),
    discussed(
        "logits-are-more-universal",
        "What two models add to the logits, which they share, has more features in common than their neurons' space "
        "(median correlation of best matches).",
        "dictionaries on other places not run, only suggested",
        "U",
        all_of(("logits", ">", "mlp post")),
        "targets",
        mlp_post="sites.mlp_post.universality",
        mlp_out="sites.mlp_out.universality",
        logits="sites.logits.universality",
        resid_post="sites.resid_post.universality",
    ),
    Finding(
        "word-features-promote-different-tokens",
        SECTION,
        "Of the features on mlp_post for one word, two typically promote different tokens (mean correlation of their "
        "logit weights; of any two features for comparison).",
        "over 100 features for `the`, in A/4",
        "I",
        all_of(("for the word", "<", 0.5)),
        likeness_for_a_word,
        "targets",
    ),
)
