"""Inputs of rules that depend on what else the config asks for."""


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
        found |= {"llm_explanations": f"{llm}/explanations.parquet", "llm_scores": f"{llm}/scores.parquet"}
    if run[:2] == HEADLINE_RUN[:2] and run[2] in width_sweep() and "splitting" in INVESTIGATIONS:
        found["kin"] = f"{investigated}/splitting/kin.parquet"
    if run == HEADLINE_RUN and "automata" in INVESTIGATIONS:
        found["edges"] = f"{investigated}/automata/edges.parquet"
    if run == HEADLINE_RUN and "steering" in INVESTIGATIONS:
        steering = f"{investigated}/steering"
        found |= {"steering": f"{steering}/steering.tsv", "steered_texts": f"{steering}/texts.parquet"}
    return found


def decoder(wildcards):
    """Of the dictionary; of neurons, that of the features that write to them."""
    name = BESIDE.get(wildcards.run, wildcards.run)
    return f"results/{wildcards.model}/{wildcards.site}/{name}/sae.safetensors"


def of_experiments(names, suffix):
    return [f"results/theory/{name}/{name}{suffix}" for name in names]
