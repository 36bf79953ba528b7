"""Where the project lies, and what its tests share of what it downloads."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
SMOKE = ROOT / "config/smoke.yaml"
CACHE = ROOT / "results/downloads"
