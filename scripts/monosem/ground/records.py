"""Records (JSON) and tables (Parquet, TSV) of many runs, read side by side; the field names that reports rely on.

A run is one dictionary of one model at one place. Its record knows its run; a table does not, so tables are always
given beside the records that name them, in the same order.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from monosem.ground.artefacts import read_json
from monosem.ground.tables import check_columns, read_tsv

NEURONS = "neurons"  # the identity dictionary: its features are the neurons themselves
DIRECTIONS = "random"  # random directions, drawn by draw_directions.py
OFFLINE = "offline"  # what explains features by a token table, without a language model
CONTROL = "control"  # model A with the entries of each weight matrix shuffled
RUN = ["model", "site", "dictionary"]  # columns that `read_tables` adds
# how we know what the paper says, by the letter under `source` in findings.tsv
SOURCES = {
    "V": "read in the paper",
    "I": "follows from what the paper says",
    "U": "not stated, or only inside a figure",
    "D": "said in posts and comments around the paper",
}

FEATURE_COLUMNS = ["feature", "density", "max_act", "status"]
SCORE_COLUMNS = ["feature", "status", "spearman"]
ESTIMATE_COLUMNS = [*RUN, "n_features", "stratum", "measure", "statistic", "n", "value", "low", "high"]
DIFFERENCE_COLUMNS = ["measure", "left", "right", "n_left", "n_right", "difference", "low", "high"]
EXPLANATION_COLUMNS = ["feature", "text", "single_token", "n_top"]
MATCH_COLUMNS = ["feature", "match", "correlation", "logit_correlation", "status"]
LM_COLUMNS = ["tokens", "loss", "val_loss"]
SAE_COLUMNS = ["vectors", "mse", "l0"]

DENSITY_TOKENS = "n_tokens"  # of eval.json: held-out tokens that densities, L0 and the counts of dead are over
# dotted: a field within a field of a record
MATCH_COUNT, MATCH_DEAD = "correlation.n", "status_counts.dead"  # of universality: with a match; never active
SCORE_COUNT, ZERO_SHARE = "spearman.n", "zero_share_random.mean"  # of scores.json, over features whose status is ok
MATCH_MEDIAN, LOGIT_MATCH_MEDIAN = "correlation.median", "logit_correlation.median"  # of universality


class Run(NamedTuple):
    model: str
    site: str
    dictionary: str

    def __str__(self) -> str:
        return "/".join(self)


def kind(run: Run) -> str:
    """What the rows of a run's tables are."""
    return {NEURONS: "neurons", DIRECTIONS: "random directions"}.get(run.dictionary, "features")


def run_of(record: dict[str, Any], where: object) -> Run:
    """Raises ValueError for a record that does not name its run."""
    return Run(*(str(value_of(record, name, where)) for name in RUN))


def read_records(paths: Sequence[Path]) -> dict[Run, dict[str, Any]]:
    """Records by run. Raises ValueError for a record that does not name its run and for two of the same run."""
    records: dict[Run, dict[str, Any]] = {}
    for path in paths:
        record = read_json(path)
        run = run_of(record, path)
        if run in records:
            raise ValueError(f"{path}: a second record of {run}; give each run once")
        records[run] = record
    return records


def values_by_run(paths: Sequence[Path], name: str) -> dict[Run, Any]:
    """One field of each record; see `value_of`."""
    return {run: value_of(record, name, run) for run, record in read_records(paths).items()}


def value_of(record: dict[str, Any], name: str, where: object) -> Any:  # noqa: ANN401
    """A field by its dotted name. Raises ValueError naming `where` when there is none."""
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise ValueError(f"{where}: record has no field `{name}`; rerun the rule that writes it")
        value = value[part]
    return value


def beside(tables: Sequence[Path], records: Sequence[Path]) -> list[tuple[Run, Path]]:
    """Each table with the run of the record at the same place. Raises ValueError when the lists differ in length."""
    if len(tables) != len(records):
        raise ValueError(f"{len(tables)} tables beside {len(records)} records: give one record a table, in one order")
    return list(zip(read_records(records), tables, strict=True))


def read_tables(tables: Sequence[Path], records: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """The named columns of all tables in one frame, each row with its run; see `beside` and `read_table`."""
    frames = [read_table(path, columns).assign(**run._asdict()) for run, path in beside(tables, records)]
    if not frames:
        return pd.DataFrame(columns=[*RUN, *columns])
    return pd.concat(frames, ignore_index=True)[[*RUN, *columns]]


def read_table(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The named columns, or all, of one .parquet or .tsv file; see tables.py for the numbers in them.

    Raises ValueError naming the file and what is missing.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the rule that writes it")
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else read_tsv(path)
    missing = [name for name in columns or () if name not in frame.columns]
    if missing:
        raise ValueError(f"{path}: has no column {', '.join(missing)}; rerun the rule that writes it")
    frame = frame if columns is None else frame[list(columns)]
    check_columns(frame, path)
    return frame
