"""Fixtures that all tests share; they are in tests/support, as is what else several tests use."""

pytest_plugins = ["small_run", "longest_first"]
