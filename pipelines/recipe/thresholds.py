"""Thresholds on measured numbers, by which a model is blessed or not."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import model_validator

from pipelines.recipe.numbers import Numbers, Values
from pipelines.section import Section


class Range(Section):
    """What a number must reach (``min``) or must not exceed (``max``)."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _it_bounds(self) -> "Range":
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        return self


class Bound(Range):
    """The same, and ``change`` bounds the number less that of the last blessed model of the same name.

    Where none was pushed yet only ``min`` and ``max`` are asked.
    """

    change: Range | None = None


class Bless(Section):
    """A section `evaluate` whose ``bless`` bounds the numbers of the evaluation.

    Without ``bless`` a model is measured but never blessed.

    Class attributes:
        numbers: what the task measures.
    """

    numbers: ClassVar[Numbers] = Numbers()

    bless: dict[str, Bound] | None = None

    @property
    def changes(self) -> dict[str, Range]:
        """The bounds on changes, by number."""
        return {name: bound.change for name, bound in (self.bless or {}).items() if bound.change is not None}

    def against(self, measured: Values, examples: Mapping[str, str]) -> list[str]:
        """The reasons not to bless; none, and the model is blessed.

        Args:
            measured: number -> its value, None or absent where it could not be measured.
            examples: number -> the one example that it was measured on, where it is of one.
        """
        if not self.bless:
            return ["the recipe sets no evaluate.bless, so nothing can be blessed"]
        reasons = []
        for name, bound in self.bless.items():
            value = measured.get(name)
            if value is None:
                reasons.append(f"{name} was not measured on these images, and evaluate.bless bounds it")
                continue
            told = f"{name} {value:.4g}" + (f" ({examples[name]})" if name in examples else "")
            if bound.min is not None and not value >= bound.min:
                reasons.append(f"{told} is below its min of {bound.min:g}")
            if bound.max is not None and not value <= bound.max:
                reasons.append(f"{told} is above its max of {bound.max:g}")
        return reasons
