"""The scoreboard of findings, and the page that shows it with the figures.

in:  records and tables of all runs
out: results/findings.tsv, results/report/
"""

import json

FIGURES = [
    "training",
    "dictionary_training",
    "density",
    "pareto",
    "explained",
    "scores",
    "score_strata",
    "universality",
    "universality_by_width",
    "correspondence",
    "contexts",
    "context_claims",
    "purity",
    "neuron_basis",
    "low_features",
    "token_features",
    *ABLATIONS,
    "steering",
    "automata",
    *SPLITTING_FIGURES,
]
FIGURES = [figure for figure in FIGURES if figure not in NOT_DRAWN]
INVESTIGATIONS = [
    *ABLATIONS,
    "steering",
    "automata",
    "explained",
    "correspondence",
    "contexts",
    "purity",
    "tokens",
    "geometry",
    *SPLITTING_RECORDS,
]  # each has results/investigations/{name}/{name}.json
HEADLINE = f"results/{PAIR['model']}/{config['sites'][0]}/{config['headline']}"


rule compile_findings:
    input:
        eval=paths(trained_runs() + neuron_runs(), "eval.json"),
        features=paths(trained_runs() + neuron_runs(), "features.parquet"),
        scores=paths(scored_runs(), "autointerp/scores.json"),
        llm=paths(llm_runs(), "autointerp/llm/scores.json"),
        explanations=paths(scored_runs(), "autointerp/explanations.parquet"),
        differences="results/autointerp/differences.tsv",
        ratings=["results/rating/ratings.json"] if RATING["files"] else [],
        universality=comparisons(".json"),
        investigations=expand("results/investigations/{name}/{name}.json", name=INVESTIGATIONS)
        + of_experiments(REPORTED, ".json"),
    output:
        findings=report("results/findings.tsv", caption="../report/findings.rst", category="Findings"),
    log:
        "results/logs/compile_findings/findings.log",
    benchmark:
        "results/benchmarks/compile_findings/findings.tsv"
    resources:
        mem_mb=memory("compile_findings"),
        runtime=runtime("compile_findings"),
        disk_mb=disk("compile_findings"),
    params:
        code=fingerprint("compile_findings.py"),
        site=config["sites"][0],
        headline=config["headline"],
        sweep=width_sweep(),
        ratings=lambda wildcards, input: [f"--ratings={path}" for path in input.ratings],
    shell:
        r"""
        python "$SCRIPTS/compile_findings.py" --site {params.site:q} --headline {params.headline:q} \
            --sweep {params.sweep:q} --eval {input.eval:q} --features {input.features:q} --scores {input.scores:q} \
            --llm-scores {input.llm:q} --explanations {input.explanations:q} --differences {input.differences:q} \
            {params.ratings:q} \
            --universality {input.universality:q} --investigations {input.investigations:q} \
            --output {output.findings:q} 2>&1 | tee {log:q}
        """


rule build_report:
    input:
        findings="results/findings.tsv",
        figures=expand("results/figures/{figure}.svg", figure=FIGURES) + of_experiments(REPORTED, ".svg"),
        data=expand("results/figures/{figure}.tsv", figure=FIGURES) + of_experiments(REPORTED, ".tsv"),
        features=f"{HEADLINE}/features.parquet",
        scores=f"{HEADLINE}/autointerp/scores.parquet",
        explanations=f"{HEADLINE}/autointerp/explanations.parquet",
        examples=f"{HEADLINE}/autointerp/examples.parquet",
        logits=f"{HEADLINE}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
        estimates="results/autointerp/estimates.tsv",
        differences="results/autointerp/differences.tsv",
        summaries=paths(offline_runs(), "autointerp/scores.json"),
        browser=f"{BROWSER}/index.html",
        records=[
            "results/corpus/corpus.json",
            "results/tokens/train.json",
            *expand("results/{model}/lm/lm.json", model=MODELS),
            *expand("results/{model}/{site}/acts.json", model=MODELS, site=config["sites"]),
            *paths(trained_runs(), "sae.json"),
            *paths(direction_runs(), "sae.json"),
            *paths(trained_runs() + neuron_runs() + direction_runs(), "eval.json"),
            *paths(offline_runs(), "autointerp/scores.json"),
            *comparisons(".json"),
            *expand("results/investigations/{name}/{name}.json", name=INVESTIGATIONS),
            *of_experiments(REPORTED, ".json"),
        ],
    output:
        page="results/report/index.html",
    log:
        "results/logs/build_report/report.log",
    benchmark:
        "results/benchmarks/build_report/report.tsv"
    resources:
        mem_mb=memory("build_report"),
        runtime=runtime("build_report"),
        disk_mb=disk("build_report"),
    params:
        code=fingerprint("build_report.py"),
        dictionary=HEADLINE.removeprefix("results/"),
        captions=[(ROOT / f"workflow/report/{figure}.rst").read_text() for figure in FIGURES + REPORTED],
        flags=flags(config["report"]),
        config=lambda wildcards: json.dumps(config, sort_keys=True),  # a path of the config may hold braces
    shell:
        r"""
        python "$SCRIPTS/build_report.py" --findings {input.findings:q} --figures {input.figures:q} \
            --captions {params.captions:q} --figure-data {input.data:q} --dictionary {params.dictionary:q} \
            --features {input.features:q} --scores {input.scores:q} --explanations {input.explanations:q} \
            --examples {input.examples:q} --logits {input.logits:q} --tokenizer {input.tokenizer:q} \
            --estimates {input.estimates:q} --differences {input.differences:q} --summaries {input.summaries:q} \
            --browser {input.browser:q} {params.flags:q} --config {params.config:q} --records {input.records:q} \
            --output {output.page:q} 2>&1 | tee {log:q}
        """
