"""The runs that the config asks for: (model, site, dictionary), and which steps are for which of them."""

from functools import cache

from monosem.costs import measured, recipe as recipe_of


@cache
def dictionaries_of(model):
    """Dictionaries of a model's activations; `all` are those to train, and imported ones are named."""
    wanted = MODELS[model]["dictionaries"]
    return TRAINED_DICTIONARIES if wanted == "all" else wanted


def recipe(name):
    return recipe_of(config, name)


@cache
def trained_runs():
    """(model, site, dictionary) of every autoencoder."""
    return [(model, site, name) for model in MODELS for site in config["sites"] for name in dictionaries_of(model)]


def neuron_runs():
    return [(model, site, "neurons") for model in MODELS for site in config["sites"]]


def all_but(*names):
    """A pattern of the runs of other names, on however many tokens they are measured."""
    return rf"(?!({'|'.join(map(re.escape, names))})(-tokens\d+)?(/|$))[^/]+"


def evaluation(run):
    """Settings of an evaluation, its losses aside."""
    _, settings = measured(config, run)
    return {name: value for name, value in settings.items() if name != "loss_tokens"}


def direction_runs():
    """Random directions, of the model that stands for the paper's."""
    return [(PAIR["model"], SITE, "random")]


@cache
def scored_runs():
    """Runs to score: the neurons of every model, the headline dictionary, imported ones, and those named for it."""
    chosen = [config["headline"], *config["autointerp"]["dictionaries"], *IMPORTED_DICTIONARIES]
    return [run for run in trained_runs() if run[2] in chosen] + neuron_runs()


@cache
def offline_runs():
    """Runs that the offline explainer scores too: the widths beside the headline's, and random directions."""
    return list(dict.fromkeys(scored_runs() + sweep_runs())) + direction_runs()


def llm_runs():
    """Runs that a language model explains: of those that are scored without one, those of the models asked for."""
    llm = config["autointerp"]["llm"]
    return [run for run in scored_runs() if run[0] in llm["models"]] if llm["enabled"] else []


@cache
def compared():
    """(site, dictionary) pairs to compare between the two models of `universality`."""
    shared = [name for name in DICTIONARIES if all(name in dictionaries_of(PAIR[of]) for of in ("model", "other"))]
    return [(site, name) for site in config["sites"] for name in [*shared, "neurons"]]


def paths(runs, file):
    """One file of each (model, site, dictionary) run."""
    return [f"results/{model}/{site}/{name}/{file}" for model, site, name in runs]


def benchmarks(rule, runs):
    """What each run's job of a rule took, as Snakemake measured it."""
    return [f"results/benchmarks/{rule}/{'_'.join(run)}.tsv" for run in runs]


def comparisons(suffix):
    return [f"results/universality/{site}/{name}{suffix}" for site, name in compared()]


@cache
def width_sweep():
    """Dictionaries that differ from the headline one in their width only."""
    recipes = {name: {**recipe(name), "width": None} for name in DICTIONARIES}
    return [name for name in DICTIONARIES if recipes[name] == recipes[config["headline"]]]


def sweep_runs():
    """Of the model that stands for the paper's."""
    return [(PAIR["model"], SITE, name) for name in width_sweep() if name in dictionaries_of(PAIR["model"])]
