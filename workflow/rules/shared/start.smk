"""What is looked at before the first job starts, because it would fail or be lost after hours of work.

A clock that was set back: what was made before seems to come from the future, and Snakemake throws away, once it is
made, whatever is older than that. A training on several nodes: only SLURM has them.
"""

import os
import time

TOLERATED_S = 60  # of difference between the clocks of machines


def from_the_future():
    """Files of results/ that are newer than now; stores have a record beside them, so their chunks need no look."""
    limit = time.time() + TOLERATED_S
    for folder, folders, files in os.walk("results"):
        folders[:] = [name for name in folders if not name.endswith(".zarr")]
        paths = [os.path.join(folder, name) for name in files]
        yield from (path for path in paths if os.lstat(path).st_mtime > limit)


def is_planned(rule):
    return any(job.rule.name == rule for job in workflow.dag.needrun_jobs())


onstart:
    if not IMPORTED:
        keep_history()
    if config["lm"]["nodes"] > 1 and workflow.local_exec and is_planned("train_lm"):
        raise ValueError(
            f"config lm.nodes: {config['lm']['nodes']}: only SLURM gives a training several nodes; run with "
            "--workflow-profile workflow/profiles/slurm, or set it to 1"
        )
    found = next(from_the_future(), None)
    if found:
        raise ValueError(
            f"{found}: from the future; was the clock set back? When it is right, "
            'run this and then the same command: find results -newermt now -exec touch --date="$(date)" {} +'
        )
