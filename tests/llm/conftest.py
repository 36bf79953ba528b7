"""Fixtures of the tests of this room."""

from asked import make, served  # noqa: F401
