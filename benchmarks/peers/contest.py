"""Sides that take turns at the same work, each in a process of its own."""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from processes import Child
from rows import THREADS

from pipelines.results.benchmarks import speed

ROUND = 1.0  # seconds of a side in a round, or a step if it takes longer


@dataclasses.dataclass(frozen=True)
class Side:
    """A way to do the work.

    Attributes:
        python: The interpreter.
        script: A file of this folder, which calls `processes.serve`.
        arguments: Of the script.
    """

    python: str | Path
    script: str
    arguments: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What sides took.

    Attributes:
        agreed: The number on which all agree.
        seconds: Of a step, by side, one for each round.
        megabytes: By how much the work raised the peak memory, by side.
    """

    agreed: float
    seconds: dict[str, list[float]]
    megabytes: dict[str, float]

    def rows(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """How many times faster the first side is than each other, one row for each."""
        (_, ours), *others = self.seconds.items()
        return [
            speed.ratio(
                f"against {name}", [theirs / here for theirs, here in zip(each, ours, strict=True)], asked.get(name, "")
            )
            for name, each in others
        ]

    def best(self) -> str:
        """The ratios of the fastest rounds, which other work on the machine disturbs least, as a sentence."""
        (_, ours), *others = self.seconds.items()
        ratios = ", ".join(f"{min(each) / min(ours):.2f} {name}" for name, each in others)
        return f"Each side's fastest round against our fastest: {ratios}."

    def rates(self, units: float, unit: str) -> str:
        """The medians of the units of a step in a second, as a sentence."""
        found = [f"{name} {units / statistics.median(each):,.4g}" for name, each in self.seconds.items()]
        return f"{unit} a second: {', '.join(found)}."


def contest(sides: Mapping[str, Side], rounds: int) -> Outcome:
    """Lets sides take turns, forth and back, for a number of rounds."""
    children = {name: Child(side.python, side.script, side.arguments, THREADS) for name, side in sides.items()}
    agreed = {name: child.ready() for name, child in children.items()}
    print(agreed, flush=True)
    values = list(agreed.values())
    assert all(math.isclose(each, values[0], rel_tol=1e-3) for each in values), f"The sides disagree: {agreed}"
    steps = {name: max(1, round(ROUND / child.seconds(1))) for name, child in children.items()}
    found: dict[str, list[float]] = {name: [] for name in children}
    for turn in range(rounds):
        names = list(children) if turn % 2 == 0 else list(children)[::-1]
        for name in names:
            found[name].append(children[name].seconds(steps[name]) / steps[name])
    for child in children.values():
        child.end()
    return Outcome(values[0], found, {name: child.megabytes for name, child in children.items()})
