"""The command line of scripts that ask a language model."""

import argparse
from urllib.parse import urlsplit

from monosem.ground.flags import FILE
from monosem.llm.asking import Asker, Policy
from monosem.llm.clients import URLS, Client
from monosem.llm.ledger import Budget, Ledger
from monosem.llm.questions import Model


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--api", choices=sorted(URLS), required=True, help="openai: any server compatible with it")
    parser.add_argument("--url", help="of the server, for instance http://127.0.0.1:18431/v1; default: the API's own")
    parser.add_argument("--llm", required=True, help="name of the language model, as the server knows it")
    parser.add_argument("--key-variable", help="environment variable that holds the key")
    parser.add_argument("--temperature", type=float, help="of the answers; default: the server's")
    parser.add_argument("--thinking-tokens", type=int, default=0, help="tokens allowed before each answer")
    parser.add_argument("--usd-in", type=float, required=True, help="price of a million tokens of questions, USD")
    parser.add_argument("--usd-out", type=float, required=True, help="price of a million tokens of answers, USD")
    parser.add_argument("--concurrency", type=int, required=True, help="requests under way at once")
    parser.add_argument("--timeout-s", type=float, required=True, help="seconds to wait for a reply")
    parser.add_argument(
        "--attempts", type=int, required=True, help="most tries of a request (408, 429, 5xx, timeouts, ...)"
    )
    parser.add_argument("--backoff-s", type=float, required=True, help="wait after the first try; doubles each time")
    parser.add_argument(
        "--give-up",
        type=int,
        required=True,
        help="failed requests in a row, or answers of which none can be read, that stop the run",
    )
    parser.add_argument("--max-usd", type=float, help="most to spend, all runs with this cache together")
    parser.add_argument("--max-tokens", type=int, help="most tokens, all runs with this cache together")
    parser.add_argument("--cache", **FILE, help="answers and costs (.sqlite); nothing is paid twice")
    parser.add_argument("--dry-run", action="store_true", help="print requests, tokens and cost, and ask nothing")


def model_of(args: argparse.Namespace) -> Model:
    """Raises ValueError for a URL with more in it than a server's address: it goes to logs, records and the cache."""
    url = args.url or URLS[args.api]
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "--url: a user, a password or a query in it; give the server's address alone, and the key by --key-variable"
        )
    return Model(args.api, url, args.llm, args.temperature, args.thinking_tokens, args.usd_in, args.usd_out)


def ledger_of(args: argparse.Namespace) -> Ledger:
    return Ledger(args.cache, Budget(args.max_usd, args.max_tokens))


def asker_of(args: argparse.Namespace) -> Asker:
    """Raises ValueError for numbers out of range, a missing key or a missing SDK."""
    for name in ("concurrency", "attempts", "give_up"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(args, name)}: at least 1 expected")
    policy = Policy(args.concurrency, args.attempts, args.backoff_s, args.give_up)
    return Asker(Client(model_of(args), args.key_variable, args.timeout_s), ledger_of(args), policy)
