"""Of every job of a workflow, whose files it takes, and which of these make it out of date when they change.

Snakemake prints no flags of inputs, so this asks its own graph; as a script, because Snakemake changes what it runs in.
"""

import json
import sys
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings


def main(snakefile: str, config: str, *targets: str) -> None:
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(config)]),
            snakefile=Path(snakefile),
        )
        planned = workflow.dag(DAGSettings(targets=set(targets), forceall=True))
        graph = planned.workflow_api._workflow
        graph._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        graph._build_dag()
        names = {job: f"{job.rule.name} {' '.join(job.wildcards)}".strip() for job in graph.dag.jobs}
        found = [
            {
                "job": names[job],
                "inputs": [
                    {"path": str(file), "decides": not file.is_ancient, "maker": names[maker]}
                    for maker, files in graph.dag.dependencies[job].items()
                    for file in files
                ],
            }
            for job in graph.dag.jobs
        ]
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
