"""What the checks of the data of a run found."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Checked:
    """Statistics, anomalies, and what they were held against.

    Attributes:
        statistics: what `statistics_gen` wrote.
        anomalies: what `example_validator.read` reads.
        schema: the file that the data was held against; None in the first run of a recipe on its data.
    """

    statistics: dict[str, Any]
    anomalies: list[dict[str, Any]]
    schema: str | None
