#!/usr/bin/env python3
"""Try a dictionary live: type text in a browser and see which features fire on it, and steer what the model writes.

Serves one page on this machine only (127.0.0.1): tokens shaded by any feature, the top features of each token with
their explanations, and the text written on with a feature pinned to a multiple of its highest activation, beside what
the model writes left alone. Model and dictionary are loaded once. Stop it with Ctrl-C.

Example:
  python scripts/serve_live.py --dictionary results/A/mlp_post/relu-w2048

and open the address that it prints. Everything else is found around the dictionary's folder, where the workflow puts
it; what lies elsewhere is named:

  python scripts/serve_live.py --dictionary kept/relu-w2048 --lm kept/lm --tokenizer kept/tokenizer.json --port 8765

Programs ask as the page does, in JSON (`feature` of read and `multiple` may be null, which asks for no feature and
leaves it alone):

  curl -H 'Content-Type: application/json' http://127.0.0.1:8765/api/read \\
    -d '{"text": "In the beginning", "feature": 7}'
  curl -H 'Content-Type: application/json' http://127.0.0.1:8765/api/steer \\
    -d '{"text": "In the beginning", "feature": 7, "multiple": 2, "n_tokens": 32, "seed": 0, "temperature": 1}'
"""

import argparse
import os
import signal
from pathlib import Path

from monosem.ground.devices import use_device
from monosem.ground.flags import FILE, parser_of
from monosem.pages.live.files import Files, addresses
from monosem.pages.live.model import Live
from monosem.pages.live.server import HOST, Server


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--dictionary", **FILE, help="folder of sae.safetensors, sae.json and features.parquet")
    parser.add_argument("--lm", type=Path, help="folder of the model's weights.safetensors (default: ../../lm)")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: ../../../tokens/tokenizer.json)")
    parser.add_argument(
        "--explanations",
        type=Path,
        help="of the offline explainer (default: autointerp/explanations.parquet, if there)",
    )
    parser.add_argument(
        "--llm-explanations", type=Path, help="shown first (default: autointerp/llm/explanations.parquet, if there)"
    )
    parser.add_argument(
        "--report", type=Path, help="folder with the feature browser to link to (default: ../../../report, if there)"
    )
    parser.add_argument("--port", type=int, default=8765, help="on 127.0.0.1; 0: any that is free")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    named = {name: path for name, path in vars(args).items() if name in Files._fields and path is not None}
    files = Files.around(args.dictionary)._replace(**named)
    live = Live.load(files, use_device(args.device, args.threads))
    print(f"{live.run}: {live.sae.n_features:,} features loaded", flush=True)
    with Server(args.port, live, addresses(files.report)) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        print(f"serving http://{HOST}:{server.server_port}/; stop it with Ctrl-C", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
