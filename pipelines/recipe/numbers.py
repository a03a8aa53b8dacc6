"""The numbers of an evaluation, each declared once: what it is called, how it is written, which way is better.

A task declares its own in its module ``numbers``. Thresholds, report, card, console, RESULTS.md and docs/METHODS.md
read the declaration. Nothing here imports more than Python, since recipes are read quickly.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

Values = Mapping[str, float | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Number:
    """One number.

    Attributes:
        name: its key in an evaluation and in a recipe's ``evaluate.bless``.
        heading: what people call it; a name in braces becomes the value that the evaluation has under this name.
        better: the direction in which it improves.
        format: how it is written, as `format` takes it.
        fine: the same for values between -0.1 and 0.1, where they are written otherwise.
        unit: what it is measured in.
        par: the value at which a model is no better than its baseline.
        tile: whether it stands in large letters on top of the report.
        column: whether tables have a column for it.
    """

    name: str
    heading: str
    better: Literal["lower", "higher"]
    format: str = ".3f"
    fine: str = ""
    unit: str = ""
    par: float | None = None
    tile: bool = False
    column: bool = True

    def written(self, values: Values) -> str:
        """The number out of ``values``, with its deviation where there is one; empty where it was not measured.

        >>> accuracy = Number(name="knn", heading="kNN", better="higher", format=".1%")
        >>> accuracy.written({"knn": 0.875, "knn_deviation": 0.0125})
        '87.5% ± 1.2'
        """
        value, deviation = values.get(self.name), values.get(f"{self.name}_deviation")
        if value is None:
            return ""
        spec = self.fine if self.fine and abs(value) < 0.1 else self.format
        spread = "" if deviation is None else f" ± {format(deviation, spec).rstrip('%')}"
        return f"{value:{spec}}{spread}"

    def is_good(self, value: float) -> bool | None:
        """Whether a value is better than the baseline's; None where the number says nothing of one."""
        if self.par is None:
            return None
        return value > self.par if self.better == "higher" else value < self.par


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison(Number):
    """A number beside the same number of a baseline; `Numbers.compared` computes it.

    Attributes:
        of: the name of the number.
        baseline: the name of the baseline.
        relation: ``ratio`` divides by the baseline's number, ``difference`` subtracts it.
    """

    of: str
    baseline: str
    relation: Literal["ratio", "difference"]

    def value(self, number: float, beside: float) -> float:
        """The ratio or the difference."""
        return number / beside if self.relation == "ratio" else number - beside


@dataclasses.dataclass(frozen=True)
class Baseline:
    """What a model is measured beside.

    Attributes:
        name: its key among the evaluation's ``baselines``.
        heading: what people call it, in tables; braces as in `Number`.
        short: the same within a sentence; the heading where empty.
    """

    name: str
    heading: str
    short: str = ""


def ratio(number: Number, baseline: Baseline, *, tile: bool = False) -> Comparison:
    """A number divided by the baseline's.

    >>> mse = Number(name="mse", heading="MSE", better="lower")
    >>> over = ratio(mse, Baseline("pca", "PCA-{code_dim}", "PCA"))
    >>> over.name, over.heading
    ('mse_over_pca', "MSE over PCA's")
    """
    return Comparison(
        name=f"{number.name}_over_{baseline.name}",
        heading=f"{number.heading} over {baseline.short or baseline.heading}'s",
        better=number.better,
        par=1.0,
        tile=tile,
        of=number.name,
        baseline=baseline.name,
        relation="ratio",
    )


def difference(number: Number, baseline: Baseline, *, tile: bool = False) -> Comparison:
    """A number less the baseline's, written with its sign; tables have no column for what they let one subtract."""
    return Comparison(
        name=f"{number.name}_over_{baseline.name}",
        heading=f"{number.heading} over {baseline.short or baseline.heading}",
        better=number.better,
        format=f"+{number.format}",
        par=0.0,
        tile=tile,
        column=False,
        of=number.name,
        baseline=baseline.name,
        relation="difference",
    )


@dataclasses.dataclass(frozen=True)
class Numbers:
    """All that the evaluations of a task measure.

    An evaluation, a record and a card hold ``numbers``, name -> value, and ``baselines``, name -> the numbers of it.

    Attributes:
        numbers: in the order of tables.
        baselines: in the order of tables.
        headline: names; the first of them that was measured stands for the whole evaluation in one line.
        facts: what the braces of headings are filled from, given the evaluation; by default its own values.
    """

    numbers: tuple[Number, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    headline: tuple[str, ...] = ()
    facts: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    def joined(self, *others: "Numbers") -> "Numbers":
        """With what others measure besides, theirs last.

        >>> Numbers((Number(name="fid", heading="FID", better="lower"),)).joined(Numbers()).names
        ['fid']
        """
        numbers = tuple(number for other in others for number in other.numbers)
        baselines = tuple(baseline for other in others for baseline in other.baselines)
        return dataclasses.replace(self, numbers=(*self.numbers, *numbers), baselines=(*self.baselines, *baselines))

    @property
    def names(self) -> list[str]:
        """The names of the numbers."""
        return [number.name for number in self.numbers]

    def __getitem__(self, name: str) -> Number:
        return next(number for number in self.numbers if number.name == name)

    def heading(self, what: Number | Baseline, evaluation: Mapping[str, Any]) -> str:
        """What a number or a baseline is called, without the unit."""
        return what.heading.format_map(self.facts(evaluation))

    def title(self, number: Number, evaluation: Mapping[str, Any]) -> str:
        """The heading of a column, with the unit."""
        return self.heading(number, evaluation) + (f", {number.unit}" if number.unit else "")

    def columns(self, *measured: Values) -> list[Number]:
        """The numbers that have a column in a table in which ``measured`` are rows."""
        return [it for it in self.numbers if it.column and any(row.get(it.name) is not None for row in measured)]

    def rows(self, evaluation: Mapping[str, Any]) -> list[tuple[str, Values]]:
        """The baselines of an evaluation, by heading; a ratio to a baseline is 1 for the baseline itself."""
        found: list[tuple[str, Values]] = []
        for baseline in self.baselines:
            values = evaluation["baselines"].get(baseline.name)
            if values:
                found.append((self.heading(baseline, evaluation), {**values, **self._itself(baseline, values)}))
        return found

    def compared(self, values: Values, baselines: Mapping[str, Values]) -> dict[str, float | None]:
        """The values, with all comparisons that they and the baselines allow.

        >>> knn, pca = Number(name="knn", heading="kNN", better="higher"), Baseline("pca", "PCA")
        >>> Numbers((knn, difference(knn, pca))).compared({"knn": 0.75}, {"pca": {"knn": 0.5}})
        {'knn': 0.75, 'knn_over_pca': 0.25}
        """
        found = dict(values)
        for number in self.numbers:
            if isinstance(number, Comparison):
                value, beside = values.get(number.of), baselines.get(number.baseline, {}).get(number.of)
                if value is not None and beside is not None:
                    found[number.name] = number.value(value, beside)
        return found

    def first(self, values: Values) -> Number | None:
        """The number that stands for the whole evaluation; None where none of the headline was measured."""
        return next((self[name] for name in self.headline if values.get(name) is not None), None)

    def summary(self, evaluation: Mapping[str, Any]) -> str:
        """The evaluation in a line: its first number, and in brackets the same of the baselines."""
        number = self.first(evaluation["numbers"])
        if number is None:
            return "nothing was measured"
        facts = self.facts(evaluation)
        others = [
            f"{(baseline.short or baseline.heading).format_map(facts)} {number.written(values)}"
            for baseline in self.baselines
            if number.name in (values := evaluation["baselines"].get(baseline.name, {}))
        ]
        unit = f" {number.unit}" if number.unit else ""
        beside = f" ({', '.join(others)})" if others else ""
        return f"{self.heading(number, evaluation)} {number.written(evaluation['numbers'])}{unit}{beside}"

    def _itself(self, baseline: Baseline, values: Values) -> dict[str, float]:
        """The ratios of a baseline's numbers to themselves."""
        return {
            number.name: 1.0
            for number in self.numbers
            if isinstance(number, Comparison)
            and (number.baseline, number.relation) == (baseline.name, "ratio")
            and values.get(number.of) is not None
        }
