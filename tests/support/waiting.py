"""How tests wait: for something to happen, and so long that how busy the machine is decides nothing."""

import time
from collections.abc import Callable

PATIENCE_S = 600


def wait_until(happened: Callable[[], object], alive: Callable[[], bool] = lambda: True, poll_s: float = 0.005) -> bool:
    """Until something happened; False when the process that it is expected of ends first."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if not alive():
            return bool(happened())
        assert time.monotonic() < deadline, f"nothing happened in {PATIENCE_S} s"
        time.sleep(poll_s)
    return True
