"""Finite state automata as graphs: a box a feature, an arrow a step, self-loops above pairs above chains."""

import unicodedata
from functools import cache

import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from monosem.figures.style import COLOURS, figure_title, new_figure

SHOWN = {"self-loop": 6, "pair": 3, "chain": 3}  # of each kind, each from another kind of text
HEADINGS = {
    "self-loop": "Self-loops: a feature promotes tokens on which it fires again (paper: base64)",
    "pair": "Pairs: two features take turns (paper: snake_case names)",
    "chain": "Chains: features hand on in one order (paper: HTML, licences)",
}
BOX_WIDTH, BOX_HEIGHT = 1.85, 0.82  # inches
GAP, ROW, HEADING = 0.55, 1.0, 0.35  # between boxes of a row; from row to row; above a row with a heading
MOST_BOXES = 6  # of a chain, in one row
PAPER_CHAIN = 4  # features in HTML, paper: #phenomenology-fsa
N_TOKENS, TOKEN_LENGTH = 3, 7  # that a box shows, and characters of each
MARKS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}
COLOUR = COLOURS["A"]


def automata_figure(automata: pd.DataFrame, states: pd.DataFrame, title: str) -> tuple[Figure, pd.DataFrame]:
    """`automata` and `states` as find_automata.py writes them; the table returned has what is drawn."""
    category_of = dict(zip(states["feature"], states["category"], strict=True))
    chosen = pd.concat([choose(automata[automata["kind"] == kind], category_of, kind) for kind in SHOWN])
    rows = [row for kind in SHOWN for row in layout(chosen[chosen["kind"] == kind], kind)]
    width = MOST_BOXES * (BOX_WIDTH + GAP)
    height = ROW * len(rows) + HEADING * sum(heading != "" for heading, _ in rows)
    figure = new_figure(width, height + 0.5)
    axes = figure.subplots()
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    described = states.set_index("feature")
    top = height
    for heading, drawn in rows:
        axes.text(0.1, top - 0.05, heading, fontweight="bold", va="top")
        top -= HEADING if heading else 0.0
        left = 0.1
        for automaton in drawn:
            left = draw(axes, automaton, described, left, top)
        top -= ROW
    figure_title(figure, title)
    return figure, table_of(chosen, described)


def choose(found: pd.DataFrame, category_of: dict[int, str], kind: str) -> pd.DataFrame:
    """The most lifted whose first feature is active in a category not drawn yet; of chains, those as long as the
    paper's before shorter ones."""
    length = found["features"].map(len).clip(upper=PAPER_CHAIN)
    order = found.assign(length=length, category=[category_of[features[0]] for features in found["features"]])
    return order.sort_values(["length", "lift"], ascending=False).drop_duplicates("category").head(SHOWN[kind])


def layout(chosen: pd.DataFrame, kind: str) -> list[tuple[str, list[tuple]]]:
    """Rows of a heading and the automata beside each other: chains each in a row, the others all in one."""
    drawn = list(chosen.itertuples(index=False))
    if kind != "chain" or not drawn:
        return [(HEADINGS[kind] if drawn else f"{HEADINGS[kind]}: none found", drawn)]
    return [(HEADINGS[kind] if number == 0 else "", [chain]) for number, chain in enumerate(drawn)]


def draw(axes: Axes, automaton: tuple, described: pd.DataFrame, left: float, top: float) -> float:
    """Draws one automaton from `left` on; returns where the next may begin."""
    middle = top - BOX_HEIGHT / 2
    features = list(automaton.features)[:MOST_BOXES]
    for number, feature in enumerate(features):
        draw_box(axes, feature, described.loc[feature], left, top)
        right = left + BOX_WIDTH
        if automaton.kind == "self-loop":
            arc = (right, middle + 0.2), (right, middle - 0.2)
            arrow(axes, *arc, step(automaton, 0), (right + 0.3, middle - 0.15), "arc3,rad=-1.2", align="left")
        elif number + 1 < len(features):
            height = middle + (0.1 if automaton.kind == "pair" else 0.0)
            place = (right + GAP / 2, height + 0.04)
            arrow(axes, (right, height), (right + GAP, height), step(automaton, number), place)
        if automaton.kind == "pair" and number == 0:
            place = (right + GAP / 2, middle - 0.45)
            arrow(axes, (right + GAP, middle - 0.1), (right, middle - 0.1), step(automaton, 1), place)
        left = right + GAP
    if len(automaton.features) > MOST_BOXES:
        axes.text(left - GAP + 0.1, middle, f"+ {len(automaton.features) - MOST_BOXES}", va="center")
    return left


def step(automaton: tuple, number: int) -> str:
    return f"{automaton.probabilities[number]:.0%}\n{automaton.lifts[number]:.0f} x"


def arrow(
    axes: Axes, start: tuple, end: tuple, text: str, place: tuple, bend: str = "arc3", align: str = "center"
) -> None:
    style = {"arrowstyle": "-|>", "connectionstyle": bend, "color": "black", "shrinkA": 0, "shrinkB": 1}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    axes.text(*place, text, fontsize="x-small", ha=align, va="bottom")


def draw_box(axes: Axes, feature: int, state: pd.Series, left: float, top: float) -> None:
    box = {"facecolor": "white", "edgecolor": COLOUR, "linewidth": 1.5}
    axes.add_patch(Rectangle((left, top - BOX_HEIGHT), BOX_WIDTH, BOX_HEIGHT, **box))
    heading = f"{feature}: {state['category_share']:.0%} {state['category']}"
    axes.text(left + 0.06, top - 0.06, heading, fontsize="x-small", fontweight="bold", va="top", color=COLOUR)
    lines = [f"{name} {shown(state[column])}" for name, column in (("on", "fires_on"), ("raises", "promotes"))]
    for number, line in enumerate(lines):
        place = (left + 0.06, top - 0.32 - 0.24 * number)
        axes.text(*place, line, fontsize="x-small", va="top", parse_math=False)


def shown(tokens: list[str]) -> str:
    return "  ".join(drawable(token) for token in list(tokens)[:N_TOKENS])


def drawable(token: str) -> str:
    """A token as the figure's font can show it: white space as marks, what the font lacks as code points."""
    known = characters_of_the_font()
    text = "".join(MARKS.get(c, c if ord(c) in known and c.isprintable() else f"U+{ord(c):04X}") for c in token)
    if text and unicodedata.category(text[0]).startswith("M"):
        text = "\u25cc" + text
    return text if len(text) <= TOKEN_LENGTH else f"{text[: TOKEN_LENGTH - 1]}…"


@cache
def characters_of_the_font() -> frozenset[int]:
    path = font_manager.findfont(font_manager.FontProperties())
    return frozenset(font_manager.get_font(path).get_charmap())


def table_of(chosen: pd.DataFrame, described: pd.DataFrame) -> pd.DataFrame:
    """One row a box: its automaton, its feature, and the step that leads on from it (NaN at the end of a chain)."""
    rows = []
    for number, automaton in enumerate(chosen.itertuples(index=False)):
        for place, feature in enumerate(automaton.features):
            leads_on = place < len(automaton.lifts)
            row = {"automaton": number, "kind": automaton.kind, "count": automaton.count, "feature": feature}
            row |= {"probability": automaton.probabilities[place] if leads_on else None}
            row |= {"lift": automaton.lifts[place] if leads_on else None}
            state = described.loc[feature]
            row |= {name: state[name] for name in ("category", "category_share", "density")}
            rows.append(row | {name: shown(state[name]) for name in ("fires_on", "promotes")})
    columns = ["automaton", "kind", "count", "feature", "probability", "lift", "category", "category_share", "density"]
    return pd.DataFrame(rows, columns=[*columns, "fires_on", "promotes"])
