"""Inputs of rules that depend on what else the config asks for."""

import glob
import os
from pathlib import Path
from shlex import quote

from monosem.costs import imports, measured
from monosem.ground.file_digests import digests as file_digests
from monosem.ground.local_files import local_files

COMPARED_BYTES = 1_000_000  # Snakemake compares the content of inputs up to this size, and the times of larger ones


def given(files):
    """Files of the user's, which have no record; `digests` of the large ones among them is a param."""
    return [flag(file, "ancient", is_large(file)) for file in files]


def digests(files):
    """Of the large ones, what is in them; they are read again only where something has touched them."""
    return file_digests([str(file) for file in files if is_large(file)], Path(".snakemake/digests.json"))


def is_large(file):
    return os.path.isfile(file) and (file.endswith(TOLD_BY_RECORD) or os.path.getsize(file) > COMPARED_BYTES)


def dictionary_folder(wildcards):
    return imports.dictionary_folder(config, wildcards.dict, wildcards.model, wildcards.site)


def model_files(wildcards):
    """Weights of an imported model: one file, or several with their index."""
    return given(sorted(glob.glob(f"{glob.escape(MODELS[wildcards.model]['import'])}/model*.safetensors*")))


def dictionary_file(wildcards):
    return given([f"{dictionary_folder(wildcards)}/sae_weights.safetensors"])


def autoencoder(wildcards):
    """Files of the autoencoder, trained or drawn at random; the neurons have none."""
    name, _ = measured(config, wildcards.run)
    if name == "neurons":
        return {}
    return saved(f"results/{wildcards.model}/{wildcards.site}/{name}")


def losses(wildcards):
    """Of model and site; no loss is measured with neurons, which change nothing, or with random directions."""
    name, settings = measured(config, wildcards.run)
    if name not in DICTIONARIES and name not in OWN_DICTIONARIES:
        return {}
    return {"losses": f"results/{wildcards.model}/{wildcards.site}/losses-{settings['loss_tokens']}.json"}


def sums_of_losses(wildcards):
    """The table beside them."""
    return {"sums": str(Path(path).with_suffix(".parquet")) for path in losses(wildcards).values()}


def saved(folder):
    return {"sae": by_content(f"{folder}/sae.safetensors"), "sae_record": f"{folder}/sae.json"}


def original(wildcards):
    """The model whose weights are shuffled, and its record."""
    folder = f"results/{MODELS[wildcards.model]['shuffle_of']}/lm"
    return {"weights": by_content(f"{folder}/weights.safetensors"), "record": f"{folder}/lm.json"}


def own_texts(wildcards):
    """Local files that the corpus is made of, so that an edited or a new one is noticed."""
    files = local_files(*config["corpus"]["source"]).values()
    return given(sorted(str(file) for own in files for file in own))


def told(wildcards):
    """What other steps of this config found of a run's features, by the flag that takes it."""
    run = (wildcards.model, wildcards.site, wildcards.run)
    pair = (PAIR["model"], PAIR["other"])
    investigated = "results/investigations"
    found = {}
    if wildcards.model in pair and (wildcards.site, wildcards.run) in compared():
        matches = f"results/universality/{wildcards.site}/{wildcards.run}"
        found |= {"matches": f"{matches}.parquet", "matches_record": f"{matches}.json"}
    if run in llm_runs():
        llm = f"results/{wildcards.model}/{wildcards.site}/{wildcards.run}/autointerp/llm"
        found |= {f"llm_{table}": f"{llm}/{table}.parquet" for table in ("explanations", "scores", "answers")}
    if run[:2] == HEADLINE_RUN[:2] and run[2] in width_sweep() and "splitting" in INVESTIGATIONS:
        found["kin"] = f"{investigated}/splitting/kin.parquet"
    if run == HEADLINE_RUN and "automata" in INVESTIGATIONS:
        found["edges"] = f"{investigated}/automata/edges.parquet"
    if run == HEADLINE_RUN and "steering" in INVESTIGATIONS:
        steering = f"{investigated}/steering"
        found |= {"steering": f"{steering}/steering.tsv", "steered_texts": f"{steering}/texts.parquet"}
    return {name: by_content(path) for name, path in found.items()}


def told_records(wildcards):
    """Of these tables the records, where none is told itself."""
    names = {"llm_explanations": "explanations", "llm_scores": "scores", "kin": "splitting", "edges": "automata"}
    names["steered_texts"] = "steering"
    tables = told(wildcards)
    return [f"{os.path.dirname(tables[table])}/{name}.json" for table, name in names.items() if table in tables]


def swept_dictionaries(wildcards):
    """Records of the dictionaries of `theory.penalties`: one is without a penalty, and one has the headline's."""
    own, usual = config["theory"]["penalties"]["dictionaries"], recipe(config["headline"]).get("l1")
    for wanted, of in ((0, "no penalty"), (usual, f"that of the headline {config['headline']}")):
        if wanted not in [recipe(name).get("l1") for name in own]:
            raise ValueError(f"config theory.penalties.dictionaries: none has l1 {wanted}, {of}; name one that has")
    return paths([(*HEADLINE_RUN[:2], name) for name in own], "sae.json")


def decoder(wildcards):
    """Of the dictionary; of neurons, that of the features that write to them."""
    name = BESIDE.get(wildcards.run, wildcards.run)
    return saved(f"results/{wildcards.model}/{wildcards.site}/{name}")


def of_experiments(names, suffix):
    return [f"results/theory/{name}/{name}{suffix}" for name in names]


def drawn(figure, suffix):
    """A figure (.svg) or its numbers (.tsv)."""
    return of_experiments([figure], suffix)[0] if figure in EXPERIMENTS else f"results/figures/{figure}{suffix}"


def told_in(section, figures):
    """A section of the report as build_report.py takes it."""
    heading, _, introduction = report_text(f"sections/{section}").split("\n", 2)
    captions = [word for figure in figures for word in (drawn(figure, ".svg"), report_text(figure))]
    return ["--section", heading, introduction, *captions]


def report_text(name):
    return (ROOT / f"workflow/report/{name}.rst").read_text()


def braced(files):
    """Files as shell words that bash makes long again, `results/A/mlp_post/{x,y}/eval.json`, in their order.

    Linux gives one command 128 KiB, and the files of a thousand dictionaries have longer names together.
    """
    groups = []
    for path in [files] if isinstance(files, str) else files:
        *folder, parent, name = path.split("/")
        cuts = {(tuple(folder), (name,)): [parent], ((*folder, parent), ()): [name]}
        shared = groups[-1].keys() & cuts.keys() if groups else ()
        if shared:
            groups[-1] = {cut: groups[-1][cut] + cuts[cut] for cut in cuts if cut in shared}
        else:
            groups.append(cuts)
    return " ".join(word(*next(iter(group.items()))) for group in groups)


def word(cut, names):
    before, after = cut
    middle = quote(names[0]) if len(names) == 1 else f"{{{','.join(map(quote, names))}}}"
    return "/".join([*map(quote, before), middle, *map(quote, after)])
