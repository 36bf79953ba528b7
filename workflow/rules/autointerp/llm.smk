"""Automated interpretability with a language model, as in the paper; off unless config `autointerp.llm.enabled`.

in:  results/{model}/{site}/{run}/, results/tokens/      run: a dictionary or `neurons`
out: results/{model}/{site}/{run}/autointerp/contexts.parquet, results/{model}/{site}/{run}/autointerp/llm/

Answers are kept in `asking.cache`, which is no output of any rule: a failed, killed or repeated job pays nothing twice.
"""

LLM = AUTOINTERP["llm"]
CONTEXTS = {f"explain_{kind}": 0 for kind in AUTOINTERP["explain"]}
CONTEXTS |= {f"score_{kind}": count for kind, count in LLM["contexts"].items() if kind != "width"}
EXPLAINER = flags(LLM["explainer"]) + flags(LLM["asking"])
SCORER = flags({**LLM["explainer"], **LLM["scorer"]}) + flags(LLM["asking"])

unknown(LLM["models"], MODELS, "autointerp.llm.models")


rule sample_contexts:
    input:
        codes="results/{model}/{site}/{run}/codes.safetensors",
        record="results/{model}/{site}/{run}/codes.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        examples="results/{model}/{site}/{run}/autointerp/contexts.parquet",
        record="results/{model}/{site}/{run}/autointerp/contexts.json",
    log:
        "results/logs/sample_contexts/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/sample_contexts/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("sample_examples"),
        runtime=runtime("sample_examples"),
        disk_mb=disk("sample_examples"),
    params:
        code=fingerprint("sample_examples.py"),
        flags=flags(AUTOINTERP, "seed", "intervals", "min_active") + flags(LLM["contexts"], "width") + flags(CONTEXTS),
    shell:
        r"""
        python "$SCRIPTS/sample_examples.py" --codes {input.codes:q} --codes-record {input.record:q} \
            --tokens {input.tokens:q} {params.flags:q} \
            --output {output.examples:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule explain_features:
    input:
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        examples_record="results/{model}/{site}/{run}/autointerp/examples.json",
        features="results/{model}/{site}/{run}/features.parquet",
        logits="results/{model}/{site}/{run}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
    output:
        explanations="results/{model}/{site}/{run}/autointerp/llm/explanations.parquet",
        record="results/{model}/{site}/{run}/autointerp/llm/explanations.json",
    log:
        "results/logs/explain_features/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/explain_features/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("explain_features"),
        runtime=runtime("explain_features"),
        disk_mb=disk("explain_features"),
    params:
        code=fingerprint("explain_features.py"),
        flags=flags(LLM, "n_features", "seed") + flags(LLM["explain"]) + EXPLAINER,
    shell:
        r"""
        python "$SCRIPTS/explain_features.py" --model {wildcards.model:q} --site {wildcards.site:q} \
            --dictionary {wildcards.run:q} --examples {input.examples:q} --features {input.features:q} \
            --logit-weights {input.logits:q} --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output {output.explanations:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule score_explanations:
    input:
        explanations="results/{model}/{site}/{run}/autointerp/llm/explanations.parquet",
        record="results/{model}/{site}/{run}/autointerp/llm/explanations.json",
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        contexts="results/{model}/{site}/{run}/autointerp/contexts.parquet",
        contexts_record="results/{model}/{site}/{run}/autointerp/contexts.json",
        features="results/{model}/{site}/{run}/features.parquet",
        logits="results/{model}/{site}/{run}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
    output:
        scores="results/{model}/{site}/{run}/autointerp/llm/scores.parquet",
        answers="results/{model}/{site}/{run}/autointerp/llm/answers.parquet",
        record="results/{model}/{site}/{run}/autointerp/llm/scores.json",
    log:
        "results/logs/score_explanations/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/score_explanations/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("score_explanations"),
        runtime=runtime("score_explanations"),
        disk_mb=disk("score_explanations"),
    params:
        code=fingerprint("score_explanations.py"),
        flags=flags(LLM, "seed") + flags(LLM["tests"]) + SCORER,
    shell:
        r"""
        python "$SCRIPTS/score_explanations.py" --explanations {input.explanations:q} \
            --explanations-record {input.record:q} --examples {input.examples:q} --contexts {input.contexts:q} \
            --features {input.features:q} --logit-weights {input.logits:q} --tokenizer {input.tokenizer:q} \
            {params.flags:q} --output {output.scores:q} --output-answers {output.answers:q} \
            --output-record {output.record:q} 2>&1 | tee {log:q}
        """
