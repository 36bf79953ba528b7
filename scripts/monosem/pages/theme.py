"""Light or dark, as the reader chooses: one script for every page that has a button `theme`."""

from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".js")
