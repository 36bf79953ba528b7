"""Real text to packed contexts of tokens.

in:  the sources that config `corpus` names
out: results/corpus/, results/tokens/
"""

GIVEN_TOKENIZER = [config["tokens"]["tokenizer"]] if config["tokens"]["tokenizer"] else []


rule build_corpus:
    input:
        own_texts,
    output:
        documents="results/corpus/documents.jsonl.zst",
        record="results/corpus/corpus.json",
    log:
        "results/logs/build_corpus/corpus.log",
    benchmark:
        "results/benchmarks/build_corpus/corpus.tsv"
    threads: 4
    resources:
        mem_mb=memory("build_corpus"),
        runtime=runtime("build_corpus"),
        disk_mb=disk("build_corpus"),
    params:
        code=fingerprint("build_corpus.py"),
        given=lambda wildcards: digests(own_texts(wildcards)),
        flags=flags(config["corpus"]),
    shell:
        r"""
        python "$SCRIPTS/build_corpus.py" {params.flags:q} --threads {threads} \
            --output {output.documents:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule train_tokenizer:
    input:
        documents="results/corpus/documents.jsonl.zst",
        documents_record="results/corpus/corpus.json",
        given=given(GIVEN_TOKENIZER),
    output:
        tokenizer="results/tokens/tokenizer.json",
        record="results/tokens/vocabulary.json",
    log:
        "results/logs/train_tokenizer/tokenizer.log",
    benchmark:
        "results/benchmarks/train_tokenizer/tokenizer.tsv"
    threads: 4
    resources:
        mem_mb=memory("train_tokenizer"),
        runtime=runtime("train_tokenizer"),
        disk_mb=disk("train_tokenizer"),
    params:
        code=fingerprint("train_tokenizer.py"),
        given=lambda wildcards: digests(GIVEN_TOKENIZER),
        flags=flags(config["tokens"], "vocab_size", "train_mb", "tokenizer"),
    shell:
        r"""
        export RAYON_NUM_THREADS={threads}
        python "$SCRIPTS/train_tokenizer.py" --documents {input.documents:q} {params.flags:q} \
            --output {output.tokenizer:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule pack_tokens:
    input:
        documents="results/corpus/documents.jsonl.zst",
        tokenizer="results/tokens/tokenizer.json",
        documents_record="results/corpus/corpus.json",
        tokenizer_record="results/tokens/vocabulary.json",
    output:
        tokens=directory("results/tokens/{split}.zarr"),
        record="results/tokens/{split}.json",
    log:
        "results/logs/pack_tokens/{split}.log",
    benchmark:
        "results/benchmarks/pack_tokens/{split}.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("pack_tokens"),
        runtime=runtime("pack_tokens"),
        disk_mb=disk("pack_tokens"),
    params:
        code=fingerprint("pack_tokens.py"),
        n_tokens=lambda wildcards: config["tokens"][wildcards.split],
        flags=flags(config["tokens"], "context_length", "seed"),
    shell:
        r"""
        export RAYON_NUM_THREADS={threads}
        python "$SCRIPTS/pack_tokens.py" --documents {input.documents:q} --split {wildcards.split:q} \
            --tokenizer {input.tokenizer:q} --n-tokens {params.n_tokens:q} {params.flags:q} \
            --output {output.tokens:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule measure_text:
    input:
        train="results/tokens/train.zarr",
        train_record="results/tokens/train.json",
        val="results/tokens/val.zarr",
        val_record="results/tokens/val.json",
    output:
        table="results/tokens/text.tsv",
        record="results/tokens/text.json",
    log:
        "results/logs/measure_text/text.log",
    benchmark:
        "results/benchmarks/measure_text/text.tsv"
    resources:
        mem_mb=memory("measure_text"),
        runtime=runtime("measure_text"),
        disk_mb=disk("measure_text"),
    params:
        code=fingerprint("measure_text.py"),
    shell:
        r"""
        python "$SCRIPTS/measure_text.py" --train {input.train:q} --val {input.val:q} \
            --output {output.table:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_text:
    input:
        table="results/tokens/text.tsv",
        record="results/tokens/text.json",
    output:
        figure=report("results/figures/text.svg", caption="../report/text.rst", category="Text"),
        data="results/figures/text.tsv",
    log:
        "results/logs/plot_text/text.log",
    benchmark:
        "results/benchmarks/plot_text/text.tsv"
    resources:
        mem_mb=memory("plot_text"),
        runtime=runtime("plot_text"),
        disk_mb=disk("plot_text"),
    params:
        code=fingerprint("plot/text.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/text.py" --table {input.table:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
