"""The config, held against its files and its schema before anything is planned."""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config, validate

from monosem.ground.config_files import maps_in, places_in, refused, settled
from monosem.ground.configs import SCHEMA, load


def places_of_config():
    """Where its values stand, looked up by the process that plans; jobs parse what it has found good."""
    if not workflow.is_main_process:
        return {}
    defaults = [Path(file) for file in workflow.configfiles if Path(file) not in workflow.overwrite_configfiles]
    return places_in([*defaults, *workflow.overwrite_configfiles], command_line())


def command_line():
    return workflow.config_settings.config_args or []


# Files and command line are another workflow's where one imports this; what it hands over is all that is read.
try:
    places = {} if IMPORTED else places_of_config()
    update_config(config, {} if IMPORTED else maps_in(command_line()))
    settled(config, load(SCHEMA), places)
except ValueError as error:
    raise WorkflowError(str(error))
try:
    validate(config, str(SCHEMA), set_default=False)
except WorkflowError as error:
    raise WorkflowError(refused(error.__context__, places))
