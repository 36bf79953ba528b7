"""Figures, the scoreboard of findings, and the page that shows both.

in:  records and tables of all runs
out: results/figures/, results/findings.tsv, results/report/
"""

import json

FIGURES = ["training", "dictionary_training", "density", "pareto", "scores", "universality"]
HEADLINE = f"results/{PAIR['model']}/{config['sites'][0]}/{config['headline']}"
MLP_SITES = [site for site in config["sites"] if site.startswith("mlp")]
COMPARED_MODELS = [run for run in trained_runs() if MODELS[run[0]]["shuffle_of"] is None]


rule plot_training:
    input:
        train=expand("results/{model}/lm/train.tsv", model=TRAINED),
        eval=[f"results/{model}/{MLP_SITES[0]}/{config['headline']}/eval.json" for model in TRAINED if MLP_SITES],
    output:
        figure=report("results/figures/training.svg", caption="../report/training.rst", category="Models"),
        data="results/figures/training.tsv",
    log:
        "results/logs/plot_training/training.log",
    benchmark:
        "results/benchmarks/plot_training/training.tsv"
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_training.py"),
        models=TRAINED,
    shell:
        r"""
        python $SCRIPTS/plot_training.py --models {params.models:q} --train {input.train:q} --eval {input.eval:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_dictionary_training:
    input:
        eval=paths(COMPARED_MODELS, "eval.json"),
        train=paths(COMPARED_MODELS, "train.tsv"),
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
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_dictionary_training.py"),
    shell:
        r"""
        python $SCRIPTS/plot_dictionary_training.py --eval {input.eval:q} --train {input.train:q} \
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
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_density.py"),
    shell:
        r"""
        python $SCRIPTS/plot_density.py --eval {input.eval:q} --features {input.features:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_pareto:
    input:
        eval=paths(COMPARED_MODELS, "eval.json"),
    output:
        figure=report("results/figures/pareto.svg", caption="../report/pareto.rst", category="Dictionaries"),
        data="results/figures/pareto.tsv",
    log:
        "results/logs/plot_pareto/pareto.log",
    benchmark:
        "results/benchmarks/plot_pareto/pareto.tsv"
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_pareto.py"),
    shell:
        r"""
        python $SCRIPTS/plot_pareto.py --eval {input.eval:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_scores:
    input:
        scores=paths(scored_runs(), "autointerp/scores.json"),
        tables=paths(scored_runs(), "autointerp/scores.parquet"),
    output:
        figure=report("results/figures/scores.svg", caption="../report/scores.rst", category="Interpretability"),
        data="results/figures/scores.tsv",
    log:
        "results/logs/plot_scores/scores.log",
    benchmark:
        "results/benchmarks/plot_scores/scores.tsv"
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_scores.py"),
    shell:
        r"""
        python $SCRIPTS/plot_scores.py --scores {input.scores:q} --tables {input.tables:q} \
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
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("plot_universality.py"),
    shell:
        r"""
        python $SCRIPTS/plot_universality.py --records {input.records:q} --matches {input.matches:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule compile_findings:
    input:
        eval=paths(trained_runs() + neuron_runs(), "eval.json"),
        features=paths(trained_runs() + neuron_runs(), "features.parquet"),
        scores=paths(scored_runs(), "autointerp/scores.json"),
        explanations=paths(scored_runs(), "autointerp/explanations.parquet"),
        universality=comparisons(".json"),
    output:
        findings=report("results/findings.tsv", caption="../report/findings.rst", category="Findings"),
    log:
        "results/logs/compile_findings/findings.log",
    benchmark:
        "results/benchmarks/compile_findings/findings.tsv"
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("compile_findings.py"),
        site=config["sites"][0],
        headline=config["headline"],
        sweep=width_sweep(),
    shell:
        r"""
        python $SCRIPTS/compile_findings.py --site {params.site:q} --headline {params.headline:q} \
            --sweep {params.sweep:q} --eval {input.eval:q} --features {input.features:q} --scores {input.scores:q} \
            --explanations {input.explanations:q} --universality {input.universality:q} \
            --output {output.findings:q} 2>&1 | tee {log:q}
        """


rule build_report:
    input:
        findings="results/findings.tsv",
        figures=expand("results/figures/{figure}.svg", figure=FIGURES),
        data=expand("results/figures/{figure}.tsv", figure=FIGURES),
        features=f"{HEADLINE}/features.parquet",
        scores=f"{HEADLINE}/autointerp/scores.parquet",
        explanations=f"{HEADLINE}/autointerp/explanations.parquet",
        examples=f"{HEADLINE}/autointerp/examples.parquet",
        logits=f"{HEADLINE}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
        records=[
            "results/corpus/corpus.json",
            "results/tokens/train.json",
            *expand("results/{model}/lm/lm.json", model=MODELS),
            *expand("results/{model}/{site}/acts.json", model=MODELS, site=config["sites"]),
            *paths(trained_runs(), "sae.json"),
            *paths(trained_runs() + neuron_runs(), "eval.json"),
            *paths(scored_runs(), "autointerp/scores.json"),
            *comparisons(".json"),
        ],
    output:
        page="results/report/index.html",
    log:
        "results/logs/build_report/report.log",
    benchmark:
        "results/benchmarks/build_report/report.tsv"
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=fingerprint("build_report.py"),
        dictionary=HEADLINE.removeprefix("results/"),
        captions=[(ROOT / f"workflow/report/{figure}.rst").read_text() for figure in FIGURES],
        flags=flags(config["report"]),
        config=json.dumps(config, sort_keys=True),
    shell:
        r"""
        python $SCRIPTS/build_report.py --findings {input.findings:q} --figures {input.figures:q} \
            --captions {params.captions:q} --figure-data {input.data:q} --dictionary {params.dictionary:q} \
            --features {input.features:q} --scores {input.scores:q} --explanations {input.explanations:q} \
            --examples {input.examples:q} --logits {input.logits:q} --tokenizer {input.tokenizer:q} \
            {params.flags:q} --config {params.config:q} --records {input.records:q} --output {output.page:q} \
            2>&1 | tee {log:q}
        """
