"""The result of a run's data checks."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Checked:
    """Statistics, anomalies, and the schema that they were checked against.

    Attributes:
        statistics: the statistics that `statistics_gen` wrote.
        anomalies: the anomalies that `example_validator.read` returns.
        schema: the file of the schema; None in the first run of a recipe on its data.
    """

    statistics: dict[str, Any]
    anomalies: list[dict[str, Any]]
    schema: str | None
