"""Thresholds on measured numbers, which decide whether a model is blessed."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import model_validator

from pipelines.recipe.numbers import Numbers, Values
from pipelines.section import Section


class Range(Section):
    """The smallest (``min``) and the largest (``max``) allowed value of a number."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _it_bounds(self) -> "Range":
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        return self


class Bound(Range):
    """A range and a bound on the change since the last blessed model of the same name.

    ``change`` limits the number minus that of the last blessed model. If no model was pushed yet, only ``min`` and
    ``max`` are checked.
    """

    change: Range | None = None


class Bless(Section):
    """A section `evaluate` whose ``bless`` bounds the numbers of the evaluation.

    Without ``bless`` a model is measured but never blessed.

    Class attributes:
        numbers: the numbers that the task measures.
    """

    numbers: ClassVar[Numbers] = Numbers()

    bless: dict[str, Bound] | None = None

    @property
    def changes(self) -> dict[str, Range]:
        """Returns the bounds on changes, by number."""
        return {name: bound.change for name, bound in (self.bless or {}).items() if bound.change is not None}

    def against(self, measured: Values, examples: Mapping[str, str]) -> list[str]:
        """Returns the reasons not to bless the model; an empty list blesses it.

        Args:
            measured: number -> its value; None or absent if it could not be measured.
            examples: number -> the example that it was measured on, for numbers of a single example.
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
