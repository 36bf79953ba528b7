"""Windows files: what is no number, empty or of no place is refused by column."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monosem.autointerp.windows import Windows, read_windows, write_windows


def windows(**changed):
    fields = {"feature_E": [0, 1], "role_E": [0, 1], "kind_E": [0, 0], "interval_E": [0, 0], "context_E": [4, 5]}
    fields |= {
        "position_E": [1, 2],
        "tokens_EW": [[1, 2], [3, 4]],
        "activations_EW": [[0.5, 0], [0, 1]],
        "weight_E": [1, 1],
    }
    return Windows(**{name: np.array(value) for name, value in {**fields, **changed}.items()})


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"activations_EW": [[0.5, np.nan], [0, 1]]}, "activations"),
        ({"weight_E": [1.0, np.inf]}, "weight"),
        ({"feature_E": [-1, 1]}, "feature"),
        ({"context_E": [4, -5]}, "context"),
    ],
)
def test_windows(tmp_path, changed, column):
    write_windows(tmp_path / "w.parquet", iter([windows()]), 2)
    assert len(next(read_windows(tmp_path / "w.parquet")).feature_E) == 2
    write_windows(tmp_path / "w.parquet", iter([windows(**changed)]), 2)
    with pytest.raises(ValueError, match=rf"w\.parquet row group 0 column {column}"):
        list(read_windows(tmp_path / "w.parquet"))


def test_windows_with_an_empty_cell(tmp_path):
    write_windows(tmp_path / "w.parquet", iter([windows()]), 2)
    table = pq.read_table(tmp_path / "w.parquet")
    place = table.schema.get_field_index("position")
    empty = table.set_column(place, table.schema.field(place), pa.array([1, None], type=pa.int16()))
    pq.write_table(empty, tmp_path / "w.parquet")
    with pytest.raises(ValueError, match=r"w\.parquet row group 0 column position: an empty cell"):
        list(read_windows(tmp_path / "w.parquet"))


@pytest.mark.parametrize(
    "changed", [{"position_E": [1, 40_000]}, {"interval_E": [0, 200]}, {"context_E": [0, 1 << 31]}]
)
def test_ids_that_do_not_fit_are_not_written(tmp_path, changed):
    with pytest.raises(ValueError, match="not in range"):
        write_windows(tmp_path / "w.parquet", iter([windows(**changed)]), 2)
