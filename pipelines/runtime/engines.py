"""Where data is prepared: an engine, its workers and its options. Reading them does not load Beam.

No digest contains them.
"""

import dataclasses
from typing import TypeAlias

from pipelines.errors import UserError

FNAPI, DASK = "fnapi", "dask"
RUNNERS = {
    FNAPI: "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    DASK: "apache_beam.runners.dask.dask_runner.DaskRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
    "portable": "PortableRunner",
}
_OURS = {"--runner": "--runner", "--direct_num_workers": "--workers"}  # Beam's option -> that of genssl


@dataclasses.dataclass(frozen=True)
class Engine:
    """Runs the jobs of a preparation. The prepared bytes do not depend on it.

    Args:
        runner: a name in `RUNNERS`.
        workers: the number of processes on this machine, for `"fnapi"`; other engines have their own workers.
        options: options for Beam as on a command line: `("--dask_client_address=tcp://10.0.0.1:8786",)`.

    Raises:
        UserError: there is no such runner, or the runner does not take `workers` or an option.

    >>> Engine("dask", options=("--dask_npartitions=8",)).arguments()
    ['--runner=apache_beam.runners.dask.dask_runner.DaskRunner', '--dask_npartitions=8']
    """

    runner: str = FNAPI
    workers: int = 1
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.runner not in RUNNERS:
            raise UserError(f"--runner must be one of {', '.join(RUNNERS)}. Received: {self.runner}")
        if self.workers < 1:
            raise UserError(f"`workers` must be positive. Received: workers={self.workers}")
        if self.workers > 1 and self.runner != FNAPI:
            raise UserError(
                f"--workers counts processes of this machine, and --runner {self.runner} has workers of its own. "
                f"Received: --workers {self.workers}"
            )
        if self.options and not self.options[0].startswith("--"):
            raise UserError(f"Options for Beam stand after `--` and begin with `--`. Received: {self.options[0]}")
        for option in self.options:
            ours = _OURS.get(option.partition("=")[0])
            if ours:
                raise UserError(f"{option}: is said by {ours}, before the `--`")

    def arguments(self) -> list[str]:
        """Returns Beam's arguments: the runner and the options."""
        local = [f"--direct_num_workers={self.workers}"] if self.runner == FNAPI else []
        return [f"--runner={RUNNERS[self.runner]}", *local, *self.options]


Workers: TypeAlias = int | Engine  # a number of processes on this machine, or an engine


def of(workers: Workers) -> Engine:
    """Returns the engine for a number of workers, or the given engine.

    >>> of(2)
    Engine(runner='fnapi', workers=2, options=())
    """
    return workers if isinstance(workers, Engine) else Engine(workers=workers)
