"""What posts and comments around the paper say of spread features and of sparse codes; criteria as in `theory`."""

from monosem.findings.discussion import discussed
from monosem.findings.finding import all_of

LINE = 0.1  # non-homogeneity under which a response is a line, in the post

ROWS = (
    discussed(
        "spread-features-are-lines",
        "Spread evenly over 100 GELU neurons, a feature answers inputs of the usual size almost in a line "
        "(non-homogeneity: R2 of a quadratic less R2 of a line).",
        "lost, until inputs grow; its threshold is 0.1",
        "D",
        all_of(("spread", "<", LINE), ("one neuron", ">", LINE)),
        "spread_features",
        spread="nonhomogeneity.spread.usual",
        one_neuron="nonhomogeneity.aligned.usual",
    ),
    discussed(
        "larger-inputs-bring-it-back",
        "Inputs larger by the root of the number of neurons give the same curve again (largest difference).",
        "inputs x sqrt(n) recover the non-linearity",
        "D",
        all_of(("difference", "<", 1e-6)),
        "spread_features",
        difference="recovered_within",
        nonhomogeneity="nonhomogeneity.spread.large",
    ),
    discussed(
        "half-negative-is-a-line",
        "With as many negative as positive components the response is a line, however large the input (largest "
        "departure).",
        "panels for shares of negative components",
        "U",
        all_of(("departure", "<=", 1e-9)),
        "spread_features",
        departure="half_negative_bend",
    ),
    discussed(
        "spreading-trades-off",
        "The more neurons features are spread over, the more there is room for (MMCS 0.3), but the fewer can be on at "
        "once before each one's response is a line.",
        "thresholds 0.1 and MMCS 0.3; numbers only inside a figure",
        "U",
        all_of(("room spread", ">", "room aligned"), ("on spread", "<", "on aligned")),
        "nonhomogeneity",
        room_aligned="on_one_neuron.room",
        room_spread="on_all.room",
        on_aligned="on_one_neuron.on",
        on_spread="on_all.on",
    ),
    discussed(
        "post-and-code-agree",
        "It makes no difference that the public code holds out 90 % in place of 20 %, and scales inputs by the root of "
        "all neurons (share of the grid on one side of the threshold by both).",
        "the code differs from the post in both",
        "U",
        all_of(("agreement", ">=", 0.9)),
        "nonhomogeneity",
        agreement="agreement",
    ),
    discussed(
        "l1-picks-the-sparser",
        "In the plane the code of least L1 is as sparse as any (share of random vectors), and two codes of one vector "
        "tie only where directions coincide (by how much they differ).",
        "L1 prefers the sparser code",
        "D",
        all_of(("share", ">=", 1), ("smallest difference", ">", 0), ("coincident", "<=", 1e-9)),
        "sparse_codes",
        share="plane.share",
        smallest_difference="plane.smallest_margin",
        coincident="plane.margin_of_coincident",
    ),
    discussed(
        "l1-picks-the-sparser-anywhere",
        "It does so in more dimensions too, with half as many directions on as there are dimensions.",
        "shown in the plane",
        "U",
        all_of(("share", ">=", 0.99)),
        "sparse_codes",
        share="many.share_at_half",
        with_one_on="many.share_at_one",
    ),
    discussed(
        "tied-encoder-overshoots",
        "With directions (1, 0) and (0.71, 0.71) and no bias, a tied encoder decodes (2, 1) to something longer.",
        "norm sqrt(8.5), where the input's is sqrt(5) = 2.236",
        "D",
        all_of(("decoded", ">", "input")),
        "encoders",
        input="by_hand.input",
        decoded="by_hand.decoded",
    ),
    discussed(
        "reconstruction-is-root-8.5",
        "The norm of that reconstruction is sqrt(8.5) = 2.915.",
        "sqrt(8.5)",
        "D",
        all_of(("decoded", "<=", 2.916)),
        "encoders",
        decoded="by_hand.decoded",
        code="by_hand.code",
    ),
    discussed(
        "better-encoders-reconstruct-better",
        "On planted truth, with its dictionary given, untied weights leave less of the reconstruction wrong than tied "
        "ones, and an MLP less than those (share of the squared length).",
        "said of the tied encoder in one example only",
        "U",
        all_of(("untied", "<", "tied"), ("MLP", "<", "untied")),
        "encoders",
        tied="planted.tied.error",
        with_bias="planted.with bias.error",
        untied="planted.untied.error",
        MLP="planted.MLP.error",
        to_the_end="planted.many steps.error",
    ),
    discussed(
        "planted-truth-is-found",
        "The autoencoder of this project finds the planted directions (share of them within cosine 0.9).",
        "not said; that what is planted is found again",
        "U",
        all_of(("found", ">=", 0.9)),
        "encoders",
        found="autoencoder.recovered",
        MMCS="autoencoder.mmcs",
    ),
)
