"""Jobs of the default config, for what is reckoned of them without running any."""

from monosem.costs import Job
from monosem.ground.configs import config_of, merged

DEFAULT = config_of()


def job(rule, wildcards=None, **changed):
    """A job of the default config, with some of it changed."""
    return Job(rule, wildcards or {}, merged(DEFAULT, changed))
