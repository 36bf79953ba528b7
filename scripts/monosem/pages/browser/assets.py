"""The page of the browser and its scripts, as they lie in the folder `assets`, and the list of dictionaries."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monosem.ground.records import kind, read_records, value_of
from monosem.pages import theme
from monosem.pages.browser.shards import CONTEXTS_A_SHARD, FEATURES_A_SHARD, ROWS_A_TEXT, short, write_shard

FOLDER = Path(__file__).with_suffix("")
PAGE = FOLDER / "index.html"
SHOWN = ("n_features", "n_alive", "n_scored", "n_tokens")


def read_dictionaries(records: Sequence[Path], tokens_digest: str) -> tuple[list[dict[str, Any]], int]:
    """What the page says of each dictionary, and how many contexts of held-out text they use.

    Raises ValueError for a dictionary whose examples are of other text.
    """
    found, n_contexts = [], 0
    for path, (run, record) in zip(records, read_records(records).items(), strict=True):
        if value_of(record, "tokens_digest", path) != tokens_digest:
            raise ValueError(f"{path}: its examples are of other tokens than those given; build it again")
        size = sum(value_of(record, "bytes", path).values())
        found.append({"run": str(run), "kind": kind(run), **{name: record[name] for name in SHOWN}})
        found[-1] |= {
            "median": None if record["median_score"] is None else short(record["median_score"]),
            "bytes": size,
        }
        n_contexts = max(n_contexts, record["n_contexts"])
    return found, n_contexts


def write_app(folder: Path, dictionaries: list[dict[str, Any]], report: str | None) -> None:
    folder.mkdir(parents=True)
    for file in sorted(FOLDER.iterdir()):
        if file != PAGE:
            shutil.copyfile(file, folder / file.name)
    shutil.copyfile(theme.SCRIPT, folder / theme.SCRIPT.name)
    sizes = {"features": FEATURES_A_SHARD, "texts": ROWS_A_TEXT, "contexts": CONTEXTS_A_SHARD}
    write_shard(folder / "site.js", {"dictionaries": dictionaries, "sizes": sizes, "report": report})


def write_page(path: Path) -> None:
    shutil.copyfile(PAGE, path)
