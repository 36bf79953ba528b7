"""Workers are given whole files in an order; the longest come first, so that none is left with one at the end."""

import pytest

LONGEST = ("test_runs", "test_signals", "test_slurm", "test_caches", "test_parallel", "test_report_page", "test_faults")
LONGEST += ("test_reruns", "test_copies", "test_scale", "test_config", "test_config_files", "test_browser_page")


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # of pytest-xdist, which begins with the files that have the most tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
