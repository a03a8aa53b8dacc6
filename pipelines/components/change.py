"""The change of a model's numbers since the last blessed model."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pipelines.recipe.thresholds import Range


@dataclasses.dataclass(frozen=True)
class Last:
    """A blessed model.

    Attributes:
        version: its version number.
        card: its card.
    """

    version: int
    card: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The result of the comparison.

    Attributes:
        reasons: the reasons not to bless the model.
        notes: what was compared, or why it was not.
    """

    reasons: list[str]
    notes: list[str]


def judge(
    changes: Mapping[str, Range], numbers: Mapping[str, float | None], last: Mapping[str, float | None], version: int
) -> Verdict:
    """Compares the changes of numbers with their bounds.

    Args:
        changes: number -> bounds on this model's value minus the last model's.
        numbers: the numbers of this model.
        last: the numbers of the last blessed model.
        version: the version of the last blessed model.

    >>> judge({"fid": Range(max=0.1)}, {"fid": 2.5}, {"fid": 2.0}, 3).reasons
    ['fid changed by +0.5 from the 2 of version 3, above its max change of +0.1']
    """
    reasons, notes = [], []
    for name, bound in changes.items():
        before, now = last.get(name), numbers.get(name)
        if before is None:
            notes.append(f"{name} of version {version} is not known, so its change was not asked")
            continue
        if now is None:
            reasons.append(f"{name} was not measured on these images, and its change is bounded")
            continue
        text = f"{name} changed by {now - before:+.4g} from the {before:.4g} of version {version}"
        if bound.min is not None and not now - before >= bound.min:
            reasons.append(f"{text}, below its min change of {bound.min:+g}")
        elif bound.max is not None and not now - before <= bound.max:
            reasons.append(f"{text}, above its max change of {bound.max:+g}")
        else:
            notes.append(text)
    return Verdict(reasons, notes)
