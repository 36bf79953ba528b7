"""The feature browser: a static site of all features and neurons that are scored, with what other steps found of them.

in:  results/{model}/{site}/{run}/, results/tokens/, results/universality/, results/investigations/
out: results/report/browser/
"""

BROWSER = "results/report/browser"
BESIDE = {"neurons": config["headline"]}  # neurons are shown with the features that write to them


rule build_browser:
    input:
        unpack(told),
        unpack(decoder),
        codes="results/{model}/{site}/{run}/codes.safetensors",
        record="results/{model}/{site}/{run}/codes.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
        features="results/{model}/{site}/{run}/features.parquet",
        logits="results/{model}/{site}/{run}/logits.safetensors",
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        examples_record="results/{model}/{site}/{run}/autointerp/examples.json",
        explanations="results/{model}/{site}/{run}/autointerp/explanations.parquet",
        scores="results/{model}/{site}/{run}/autointerp/scores.parquet",
        told_records=told_records,
        scores_record="results/{model}/{site}/{run}/autointerp/scores.json",
    output:
        shards=directory(f"{BROWSER}/data/{{model}}/{{site}}/{{run}}"),
        record=f"{BROWSER}/data/{{model}}/{{site}}/{{run}}.json",
    log:
        "results/logs/build_browser/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/build_browser/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("build_browser"),
        runtime=runtime("build_browser"),
        disk_mb=disk("build_browser"),
    params:
        code=fingerprint("build_browser.py"),
        told=lambda wildcards, input: [f"--{name.replace('_', '-')}={input[name]}" for name in told(wildcards)],
        beside=lambda wildcards: BESIDE.get(wildcards.run, "neurons"),
        flags=flags(config["browser"]) + flags(AUTOINTERP, "intervals"),
    shell:
        r"""
        python "$SCRIPTS/build_browser.py" --codes {input.codes:q} --codes-record {input.record:q} \
            --tokens {input.tokens:q} --tokenizer {input.tokenizer:q} --features {input.features:q} \
            --logits {input.logits:q} --sae {input.sae:q} --beside {params.beside:q} --examples {input.examples:q} \
            --explanations {input.explanations:q} --scores {input.scores:q} {params.told:q} {params.flags:q} \
            --output {output.shards:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule assemble_browser:
    input:
        dictionaries=[f"{BROWSER}/data/{'/'.join(run)}.json" for run in offline_runs()],
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        page=f"{BROWSER}/index.html",
        app=directory(f"{BROWSER}/app"),
        text=directory(f"{BROWSER}/text"),
    log:
        "results/logs/assemble_browser/browser.log",
    benchmark:
        "results/benchmarks/assemble_browser/browser.tsv"
    resources:
        mem_mb=memory("assemble_browser"),
        runtime=runtime("assemble_browser"),
        disk_mb=disk("assemble_browser"),
    params:
        code=fingerprint("assemble_browser.py"),
    shell:
        r"""
        python "$SCRIPTS/assemble_browser.py" --dictionaries {input.dictionaries:q} --tokens {input.tokens:q} \
            --tokenizer {input.tokenizer:q} --report ../index.html --output {output.page:q} \
            --output-app {output.app:q} --output-text {output.text:q} 2>&1 | tee {log:q}
        """
