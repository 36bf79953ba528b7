"""Shared code of the monosem scripts; the layers are listed in tests/test_layout.py."""
