"""No number that is not one: NaN and infinity are refused where files are read and written, by file and place; and so
are ids that do not fit where they are stored."""

import json
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

AGAIN = "delete it and rerun the rule that writes it"
EXPONENT = np.uint16(0x7C00)  # the bits of it in a float16
DAMAGED = "the file is damaged, or what trained it had failed: take another"  # of files that are not ours


def check_finite(values: Any, what: object, cure: str = AGAIN) -> None:  # noqa: ANN401
    """Raises ValueError with the first place where an array, of numpy or torch, is not finite.

    Least and greatest tell: both are NaN where one value is, and neither needs a copy.
    """
    if hasattr(values, "is_floating_point") and values.element_size() == 1:
        values = values.float()  # float8 has no least value
    if all_finite(values):
        return
    flat = np.asarray(values.double().cpu() if hasattr(values, "cpu") else values, dtype=np.float64)
    place = [int(number) for number in np.argwhere(~np.isfinite(flat))[0]]
    raise ValueError(f"{what} {place}: {flat[tuple(place)]}, a finite number expected; {cure}")


def check_ids(ids: np.ndarray, kind: DTypeLike, what: object) -> None:
    """Raises ValueError for a number that an integer type cannot hold: numpy would wrap it round."""
    lowest, highest, ids = np.iinfo(kind).min, np.iinfo(kind).max, np.asarray(ids)
    for number in (ids.min(), ids.max()) if ids.size else ():
        if not lowest <= number <= highest:
            raise ValueError(f"{what} {number}: {lowest} to {highest} fit where it is stored ({np.dtype(kind)})")


def check_within(ids: np.ndarray, size: int, what: object, cure: str = AGAIN) -> None:
    """Raises ValueError for a number that is none of the `size` things it is to name; negative ones name none."""
    ids = np.asarray(ids)
    for number in (ids.min(), ids.max()) if ids.size else ():
        if not 0 <= number < size:
            raise ValueError(f"{what} {number}: 0 to {size - 1} expected; {cure}")


def all_finite(values: Any) -> bool:  # noqa: ANN401
    """Of some values. numpy's float16 has slow comparisons: there the bits of the exponents tell, none all ones."""
    if 0 in values.shape:
        return True
    if isinstance(values, np.ndarray) and values.dtype == np.float16:
        return bool((values.view(np.uint16) & EXPONENT).max() < EXPONENT)
    return finite(values.min()) and finite(values.max())


def finite(value: Any) -> bool:  # noqa: ANN401
    return bool(np.isfinite(float(value)))


def read_numbers(text: str | bytes, what: object) -> Any:  # noqa: ANN401
    """JSON, of which Python reads NaN and Infinity, and 1e999 as infinity. Raises ValueError naming the field."""
    value = json.loads(text)
    check_fields(value, what, AGAIN)
    return value


def write_numbers(value: object, what: object, **form: Any) -> str:  # noqa: ANN401
    """As JSON, in the form of `json.dumps`. Raises ValueError naming the field that JSON has no number for."""
    check_fields(value, what, "nothing is written: what is undefined is null, and what is wrong is to be mended")
    return json.dumps(value, allow_nan=False, **form)


def check_fields(value: object, what: object, cure: str, field: str = "") -> None:
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"{what} field `{field}`: {value}, a finite number expected; {cure}")
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, member in members:
        if not isinstance(member, str | int):
            check_fields(member, what, cure, f"{field}.{name}" if field else str(name))
