"""What the text is made of, in shares and documents."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, figure_title, footnote, new_figure, panel_title
from monosem.text.shares import ALL

SPLITS = {"train": ("to train on", COLOURS["A"]), "val": ("held out", COLOURS["B"])}


def text(table: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Of each category its share of the tokens (left) and its effective number of documents (right)."""
    by_split = {split: table[table["split"] == split].set_index("category") for split in SPLITS}
    names = [name for name in by_split["train"].index.union(by_split["val"].index) if name != ALL]
    names.sort(key=lambda name: by_split["train"]["tokens"].get(name, 0))
    figure = new_figure(10, 1.6 + 0.24 * max(len(names), 4))
    left, right = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(names))
    for number, (split, (told, colour)) in enumerate(SPLITS.items()):
        rows = by_split[split].reindex(names)
        at = place + 0.2 * (1 - 2 * number)
        left.barh(at, 100 * rows["share"].fillna(0), height=0.38, color=colour, label=told)
        right.scatter(rows["effective_documents"], at, s=22, color=colour)
    left.set(xlabel="tokens of the text, %", yticks=place, ylim=(-0.7, len(names) - 0.3))
    left.set_yticklabels([name.replace("_", " ") for name in names])
    left.legend(loc="lower right")
    right.set(xlabel="documents, as if equally long", xscale="log")
    right.axvline(20, color="0.5", linewidth=1, linestyle=(0, (5, 3)))
    panel_title(left, "shares")
    panel_title(right, "effective number of documents (dashed: 20)")
    found = {split: by_split[split].loc[ALL] for split in SPLITS}
    told = [
        f"{row['tokens']:,} tokens of {row['documents']:,} documents {SPLITS[split][0]}" for split, row in found.items()
    ]
    figure_title(figure, f"What is the text made of? {'; '.join(told)}", fontsize="medium")
    footnote(figure, "of a context with fewer held-out documents than 20 in either half nothing is concluded")
    return figure, table
