"""Numbers of tables: finite, or undefined in a column where that may be.

An empty cell of a .tsv is the undefined, and nothing else is: a token may be spelt `nan`, `NA` or `null`.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from monosem.ground.finite import AGAIN

# Columns in which the undefined says 'there is none': of features that are silent, alone, not scored, not rated.
UNDEFINED = re.compile(
    r"(.*_)?correlations?|(spearman|pearson)(_.*)?|zero_share_random|(balanced_|always_no_)?accuracy|auc"
    r"|r_(attribution|divided|frozen|gradient)|attribution|divided|frozen|gradient"
    r"|(token|category)_bits|top_category_share|coverage|focus|parent_cosine"
    r"|value|difference|low|high"
)
WORDS = re.compile(
    r"[+-]?(nan|inf(inity)?)|na|n/a|null|none", re.IGNORECASE
)  # which other programs write for such numbers


def read_tsv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""])


def check_columns(frame: pd.DataFrame, path: Path) -> None:
    """Raises ValueError naming the file, the column and the row, from 0, of a number that is not one."""
    for name in frame.columns:
        numbers = numbers_of(frame[name])
        wrong = np.isinf(numbers) if UNDEFINED.fullmatch(str(name)) else ~np.isfinite(numbers)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"{path} column {name} row {row}: {numbers[row]}, a finite number expected; {AGAIN}")


def numbers_of(column: pd.Series) -> np.ndarray:
    """A column's numbers; of lists of numbers, what is least finite in each; none of text.

    Where a .tsv has words such as `nan` among numbers, pandas makes text of them all.
    """
    if pd.api.types.is_bool_dtype(column):
        return np.empty(0)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    lists = [isinstance(value, np.ndarray) and value.dtype.kind == "f" for value in column]
    if any(lists):
        return np.array([np.sum(value) if is_list else 0.0 for value, is_list in zip(column, lists, strict=True)])
    is_word = column.map(lambda value: isinstance(value, str) and bool(WORDS.fullmatch(value))).astype(bool)
    others = pd.to_numeric(column[~is_word], errors="coerce")
    if is_word.any() and others.notna().all():
        return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return np.empty(0)
