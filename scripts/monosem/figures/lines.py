"""Curves and points: training of the language models, training of the dictionaries, and what those cost and keep."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from monosem.figures.style import colour_of, new_figure, palette_of, paper_line
from monosem.ground.records import Run, value_of
from monosem.ground.summary import defined
from monosem.measures.metrics import loss_recovered

PAPER_L0 = 20.0  # upper end of the target "10-20", paper: #appendix-hyperparameters
PAPER_RECOVERED = {"A/1": 0.79, "A/5": 0.945}  # paper: #global-analysis-how-much
SMOOTHING = 100  # points of the training loss that one drawn point averages, at most


def language_models(curves: pd.DataFrame, zero_ablated: dict[str, float]) -> tuple[Figure, pd.DataFrame]:
    """Loss against tokens seen; `curves` has the columns model, tokens, loss, val_loss."""
    figure = new_figure(8, 4.6)
    axes = figure.subplots()
    for model, rows in curves.groupby("model", sort=False):
        colour = colour_of(str(model))
        window = min(SMOOTHING, max(1, len(rows) // 50))
        axes.plot(rows["tokens"], rows["loss"].rolling(window).mean(), color=colour, alpha=0.4)
        smoothed = f", running mean of {window} points" if window > 1 else ""
        final = f" (last {rows['val_loss'].iloc[-1]:.3f})" if len(rows) else ""
        axes.plot([], [], color=colour, alpha=0.4, label=f"{model}: training{smoothed}")
        axes.plot(rows["tokens"], rows["val_loss"], color=colour, marker="o", ms=4, label=f"{model}: held-out{final}")
        if model in zero_ablated:
            value = zero_ablated[str(model)]
            axes.axhline(value, color=colour, ls="--", lw=1.2, label=f"{model}: MLP activations set to 0 ({value:.3f})")
    axes.set(xscale="log", xlabel="training tokens seen", ylabel="loss (nats a token)")
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.set_title("Training of the one-layer language models")
    axes.legend(fontsize="small")
    return figure, curves


def dictionary_training(curves: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """L0 and reconstruction error against activation vectors seen, one line a run."""
    import seaborn as sns

    figure = new_figure(8, 6)
    upper, lower = figure.subplots(2, 1, sharex=True)
    placed = with_place(curves)
    options = {"data": placed, "x": "vectors", "hue": "place", "style": "model", "palette": place_colours(placed)}
    options["errorbar"] = None
    sns.lineplot(y="l0", ax=upper, **options)
    sns.lineplot(y="mse", ax=lower, legend=False, **options)
    paper_line(upper, PAPER_L0, "paper: L0 under 10-20", horizontal=True)
    upper.set(yscale="log", ylabel="L0: active features a token")
    lower.set(yscale="log", ylabel="squared error of a vector\n(scaled activations)", xlabel="activation vectors seen")
    upper.set_title("Training of the dictionaries: activity and error of each batch")
    plain_legend(upper)
    plain_ticks(upper.yaxis, lower.yaxis)
    lower.xaxis.set_major_formatter(EngFormatter())
    return figure, curves


def with_place(frame: pd.DataFrame, name: str = "dictionary") -> pd.DataFrame:
    """With a column for where a dictionary stands: its name, after that of its site if there are several."""
    several = frame["site"].nunique(dropna=False) > 1
    return frame.assign(place=frame["site"] + "/" + frame[name] if several else frame[name])


def place_colours(frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    places = frame["place"].unique()
    palette = palette_of("colorblind" if len(places) <= 10 else "husl", len(places))
    return dict(zip(places, palette, strict=True))


def plain_legend(axes: Axes) -> None:
    """Beside the axes, without the names of the columns that colour and style stand for."""
    handles, labels = axes.get_legend_handles_labels()
    shown = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label not in ("place", "model")]
    axes.legend(*zip(*shown, strict=True), fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def plain_ticks(*log_axes: Axis) -> None:
    """Numbers such as 20 in place of 2 x 10^1, at few enough places not to collide."""
    for axis in log_axes:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(EngFormatter(sep=""))
        axis.set_minor_formatter(NullFormatter())


def pareto(points: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Loss recovered against L0, a point a run; `points` has the run's columns, recipe, l0 and loss_recovered.

    A line joins one model's dictionaries of one recipe, which differ in their penalty.
    """
    import seaborn as sns

    figure = new_figure(8, 5)
    axes = figure.subplots()
    placed = with_place(points, "recipe")
    colours = place_colours(placed)
    sns.scatterplot(placed, x="l0", y="loss_recovered", hue="place", style="model", palette=colours, s=80, ax=axes)
    for (place, _), rows in placed.groupby(["place", "model"], sort=False):
        line = rows.sort_values("l0")
        axes.plot(line["l0"], line["loss_recovered"], color=colours[place], lw=1, zorder=0)
    for name, value in PAPER_RECOVERED.items():
        paper_line(axes, value, f"paper {name}: {value:.1%}", horizontal=True)
    paper_line(axes, PAPER_L0, "paper: L0 under 10-20", horizontal=False)
    axes.set(xscale="log", xlabel="L0: active features a token", ylabel="share of the loss recovered")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_title("What sparsity costs: loss recovered on held-out text, one point a dictionary")
    plain_legend(axes)
    show_all(axes, points)
    plain_ticks(axes.xaxis)
    return figure, points


def show_all(axes: Axes, points: pd.DataFrame) -> None:
    """The paper's values and every point inside, with room for their names."""
    low = min(0.6, *(defined(points["loss_recovered"]) - 0.05))
    axes.set_ylim(low, 1.02)
    axes.set_xlim(min(5, points["l0"].min(skipna=False) / 1.5), max(50, points["l0"].max(skipna=False) * 2))


def pareto_points(records: dict[Run, dict], origins: dict[Run, dict]) -> pd.DataFrame:
    """One row an evaluation whose dictionary has an origin (sae.json). NaN where no loss can be recovered.

    Raises ValueError when no evaluation is of such a dictionary, and for one without losses.
    """
    rows = []
    for run in (run for run in records if run in origins):
        clean, of_sae, zero = (value_of(records[run], f"loss_{name}", run) for name in ("clean", "sae", "zero"))
        recovered = loss_recovered(clean, of_sae, zero)
        recipe = f"{value_of(origins[run], 'architecture', run)}, {records[run]['n_features']:,} features"
        point = {"recipe": recipe, "l0": records[run]["l0"]}
        rows.append({**run._asdict(), **point, "loss_recovered": float("nan") if recovered is None else recovered})
    if not rows:
        raise ValueError("no eval record beside the sae record of its dictionary; give both of one run at least")
    return pd.DataFrame(rows)
