"""Jobs of the default config, for what is reckoned of them without running any."""

from places import ROOT

import estimate
from monosem.costs import Job

DEFAULT = estimate.load(ROOT / "config/config.yaml")


def job(rule, wildcards=None, **changed):
    """A job of the default config, with some of it changed."""
    return Job(rule, wildcards or {}, estimate.merged(DEFAULT, changed))
