"""The scoreboard of findings, and the page that shows it with the figures.

in:  records and tables of all runs
out: results/findings.tsv, results/report/
"""

import json

from monosem.ground.configs import config_of

# The paper's order. Headings and introductions are in workflow/report/sections/, captions in workflow/report/.
STORY = {
    "setup": ["text", "training"],
    "dictionary": ["dictionary_training", "density", "low_features", "pareto", "explained", "neuron_basis"],
    "contexts": ["contexts", "context_claims"],
    "interpretability": ["scores", "score_strata", "purity"],
    "effects": [*ABLATIONS, "steering"],
    "universality": ["universality", "universality_by_width", "correspondence"],
    "splitting": [*SPLITTING_FIGURES, "token_features"],
    "automata": ["automata"],
    "discussion": REPORTED,
}
STORY = {section: [figure for figure in figures if figure not in NOT_DRAWN] for section, figures in STORY.items()}
PLOTS = sorted(f"plot/{path.name}" for path in (ROOT / "scripts/plot").glob("*.py"))
FIGURES = [figure for figures in STORY.values() for figure in figures]
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


rule compile_findings:
    input:
        eval=paths(trained_runs() + neuron_runs(), "eval.json"),
        features=paths(trained_runs() + neuron_runs(), "features.parquet"),
        documents=paths(trained_runs() + neuron_runs(), "documents.parquet"),
        scores=paths(scored_runs(), "autointerp/scores.json"),
        llm=paths(llm_runs(), "autointerp/llm/scores.json"),
        explanations=paths(scored_runs(), "autointerp/explanations.parquet"),
        differences="results/autointerp/differences.tsv",
        ratings=["results/rating/ratings.json"] if RATING["files"] else [],
        universality=comparisons(".json"),
        investigations=expand("results/investigations/{name}/{name}.json", name=INVESTIGATIONS)
        + of_experiments(REPORTED, ".json"),
    output:
        findings=report("results/findings.tsv", caption="../../report/findings.rst", category="Findings"),
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
        eval=lambda wildcards, input: braced(input.eval),
        features=lambda wildcards, input: braced(input.features),
        documents=lambda wildcards, input: braced(input.documents),
        universality=lambda wildcards, input: braced(input.universality),
        site=SITE,
        headline=config["headline"],
        sweep=width_sweep(),
        ratings=lambda wildcards, input: [f"--ratings={path}" for path in input.ratings],
    shell:
        r"""
        python "$SCRIPTS/compile_findings.py" --site {params.site:q} --headline {params.headline:q} \
            --sweep {params.sweep:q} --eval {params.eval} --features {params.features} \
            --documents {params.documents} --scores {input.scores:q} \
            --llm-scores {input.llm:q} --explanations {input.explanations:q} --differences {input.differences:q} \
            {params.ratings:q} \
            --universality {params.universality} --investigations {input.investigations:q} \
            --output {output.findings:q} 2>&1 | tee {log:q}
        """


rule build_report:
    input:
        findings="results/findings.tsv",
        figures=[drawn(figure, ".svg") for figure in FIGURES],
        data=[drawn(figure, ".tsv") for figure in FIGURES],
        features=f"{HEADLINE}/features.parquet",
        scores=f"{HEADLINE}/autointerp/scores.parquet",
        explanations=f"{HEADLINE}/autointerp/explanations.parquet",
        examples=f"{HEADLINE}/autointerp/examples.parquet",
        examples_record=f"{HEADLINE}/autointerp/examples.json",
        logits=f"{HEADLINE}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
        estimates="results/autointerp/estimates.tsv",
        differences="results/autointerp/differences.tsv",
        summaries=paths(offline_runs(), "autointerp/scores.json"),
        browser=f"{BROWSER}/index.html",
        records=[
            "results/corpus/corpus.json",
            "results/tokens/train.json",
            "results/tokens/text.json",
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
        # two figures of the same numbers may look different, and nothing else tells of it
        drawn_by={file: code for plot in PLOTS for file, code in fingerprint(plot).items()},
        records=lambda wildcards, input: braced(input.records),
        dictionary=HEADLINE.removeprefix("results/"),
        story=[word for section, figures in STORY.items() if figures for word in told_in(section, figures)],
        flags=flags(config["report"]),
        # a path of the config may hold braces
        config=lambda wildcards: json.dumps(config, sort_keys=True),
        default=lambda wildcards: json.dumps(config_of(), sort_keys=True),
        benchmarks="results/benchmarks",  # no input: what a run took makes nothing out of date
    shell:
        r"""
        python "$SCRIPTS/build_report.py" --findings {input.findings:q} {params.story:q} --dictionary {params.dictionary:q} \
            --features {input.features:q} --scores {input.scores:q} --explanations {input.explanations:q} \
            --examples {input.examples:q} --logits {input.logits:q} --tokenizer {input.tokenizer:q} \
            --estimates {input.estimates:q} --differences {input.differences:q} --summaries {input.summaries:q} \
            --browser {input.browser:q} {params.flags:q} --config {params.config:q} --default-config {params.default:q} \
            --benchmarks {params.benchmarks:q} --records {params.records} --output {output.page:q} 2>&1 | tee {log:q}
        """
