"""One figure a rule, with the numbers that it draws beside it.

in:  records and tables of all runs
out: results/figures/
"""

MLP_SITES = [site for site in config["sites"] if site.startswith("mlp")]
COMPARED_MODELS = [run for run in trained_runs() if MODELS[run[0]]["shuffle_of"] is None]
WITH_CURVES = [run for run in COMPARED_MODELS if run[2] in TRAINED_DICTIONARIES]
NOT_DRAWN = {"training": TRAINED, "dictionary_training": WITH_CURVES}
NOT_DRAWN = [figure for figure, trained in NOT_DRAWN.items() if not trained]  # where all is imported


rule plot_training:
    input:
        train=expand("results/{model}/lm/train.tsv", model=TRAINED),
        records=expand("results/{model}/lm/lm.json", model=TRAINED),
        eval=[f"results/{model}/{MLP_SITES[0]}/{config['headline']}/eval.json" for model in TRAINED if MLP_SITES],
    output:
        figure=report("results/figures/training.svg", caption="../report/training.rst", category="Models"),
        data="results/figures/training.tsv",
    log:
        "results/logs/plot_training/training.log",
    benchmark:
        "results/benchmarks/plot_training/training.tsv"
    resources:
        mem_mb=memory("plot_training"),
        runtime=runtime("plot_training"),
        disk_mb=disk("plot_training"),
    params:
        code=fingerprint("plot/training.py"),
        models=TRAINED,
    shell:
        r"""
        python "$SCRIPTS/plot/training.py" --models {params.models:q} --train {input.train:q} --eval {input.eval:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_dictionary_training:
    input:
        eval=paths(WITH_CURVES, "eval.json"),
        train=paths(WITH_CURVES, "train.tsv"),
    output:
        figure=report(
            "results/figures/dictionary_training.svg",
            caption="../report/dictionary_training.rst",
            category="Dictionaries",
        ),
        data="results/figures/dictionary_training.tsv",
    log:
        "results/logs/plot_dictionary_training/dictionary_training.log",
    benchmark:
        "results/benchmarks/plot_dictionary_training/dictionary_training.tsv"
    resources:
        mem_mb=memory("plot_dictionary_training"),
        runtime=runtime("plot_dictionary_training"),
        disk_mb=disk("plot_dictionary_training"),
    params:
        code=fingerprint("plot/dictionary_training.py"),
        eval=lambda wildcards, input: braced(input.eval),
        train=lambda wildcards, input: braced(input.train),
    shell:
        r"""
        python "$SCRIPTS/plot/dictionary_training.py" --eval {params.eval} --train {params.train} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_density:
    input:
        eval=paths(COMPARED_MODELS, "eval.json"),
        features=paths(COMPARED_MODELS, "features.parquet"),
    output:
        figure=report("results/figures/density.svg", caption="../report/density.rst", category="Dictionaries"),
        data="results/figures/density.tsv",
    log:
        "results/logs/plot_density/density.log",
    benchmark:
        "results/benchmarks/plot_density/density.tsv"
    resources:
        mem_mb=memory("plot_density"),
        runtime=runtime("plot_density"),
        disk_mb=disk("plot_density"),
    params:
        code=fingerprint("plot/density.py"),
        eval=lambda wildcards, input: braced(input.eval),
        features=lambda wildcards, input: braced(input.features),
    shell:
        r"""
        python "$SCRIPTS/plot/density.py" --eval {params.eval} --features {params.features} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_pareto:
    input:
        eval=paths(COMPARED_MODELS, "eval.json"),
        sae=paths(COMPARED_MODELS, "sae.json"),
    output:
        figure=report("results/figures/pareto.svg", caption="../report/pareto.rst", category="Dictionaries"),
        data="results/figures/pareto.tsv",
    log:
        "results/logs/plot_pareto/pareto.log",
    benchmark:
        "results/benchmarks/plot_pareto/pareto.tsv"
    resources:
        mem_mb=memory("plot_pareto"),
        runtime=runtime("plot_pareto"),
        disk_mb=disk("plot_pareto"),
    params:
        code=fingerprint("plot/pareto.py"),
        eval=lambda wildcards, input: braced(input.eval),
        sae=lambda wildcards, input: braced(input.sae),
    shell:
        r"""
        python "$SCRIPTS/plot/pareto.py" --eval {params.eval} --sae {params.sae} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_scores:
    input:
        scores=paths(offline_runs(), "autointerp/scores.json"),
        tables=paths(offline_runs(), "autointerp/scores.parquet"),
    output:
        figure=report("results/figures/scores.svg", caption="../report/scores.rst", category="Interpretability"),
        data="results/figures/scores.tsv",
    log:
        "results/logs/plot_scores/scores.log",
    benchmark:
        "results/benchmarks/plot_scores/scores.tsv"
    resources:
        mem_mb=memory("plot_scores"),
        runtime=runtime("plot_scores"),
        disk_mb=disk("plot_scores"),
    params:
        code=fingerprint("plot/scores.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/scores.py" --scores {input.scores:q} --tables {input.tables:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_score_strata:
    input:
        estimates="results/autointerp/estimates.tsv",
    output:
        figure=report(
            "results/figures/score_strata.svg",
            caption="../report/score_strata.rst",
            category="Interpretability",
        ),
        data="results/figures/score_strata.tsv",
    log:
        "results/logs/plot_score_strata/score_strata.log",
    benchmark:
        "results/benchmarks/plot_score_strata/score_strata.tsv"
    resources:
        mem_mb=memory("plot_score_strata"),
        runtime=runtime("plot_score_strata"),
        disk_mb=disk("plot_score_strata"),
    params:
        code=fingerprint("plot/score_strata.py"),
        headline=config["headline"],
    shell:
        r"""
        python "$SCRIPTS/plot/score_strata.py" --estimates {input.estimates:q} --headline {params.headline:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_universality:
    input:
        records=comparisons(".json"),
        matches=comparisons(".parquet"),
    output:
        figure=report("results/figures/universality.svg", caption="../report/universality.rst", category="Universality"),
        data="results/figures/universality.tsv",
    log:
        "results/logs/plot_universality/universality.log",
    benchmark:
        "results/benchmarks/plot_universality/universality.tsv"
    resources:
        mem_mb=memory("plot_universality"),
        runtime=runtime("plot_universality"),
        disk_mb=disk("plot_universality"),
    params:
        code=fingerprint("plot/universality.py"),
        records=lambda wildcards, input: braced(input.records),
        matches=lambda wildcards, input: braced(input.matches),
    shell:
        r"""
        python "$SCRIPTS/plot/universality.py" --records {params.records} --matches {params.matches} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
