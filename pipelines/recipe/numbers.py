"""The numbers of an evaluation, each declared once: its name, how it is written, and which direction is better.

Each task declares its numbers in its module ``numbers``. Thresholds, report, card, console, RESULTS.md and
docs/METHODS.md read the declarations. This module imports only the standard library, so that recipes load quickly.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

Values = Mapping[str, float | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Number:
    """One measured number.

    Attributes:
        name: its key in an evaluation and in a recipe's ``evaluate.bless``.
        heading: its name for readers. A name in braces is replaced by the evaluation's value of that name.
        better: the direction in which it improves.
        format: its format specification for `format`.
        fine: the format specification for values between -0.1 and 0.1, if they need another one.
        unit: its unit.
        par: the value at which a model equals its baseline.
        tile: whether it is shown in large letters at the top of the report.
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
        """Formats the number from ``values``, with its deviation if there is one; empty if it was not measured.

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
        """Returns whether a value is better than `par`; None for a number without `par`."""
        if self.par is None:
            return None
        return value > self.par if self.better == "higher" else value < self.par


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison(Number):
    """A comparison of a number with the same number of a baseline. `Numbers.compared` computes it.

    Attributes:
        of: the name of the compared number.
        baseline: the name of the baseline.
        relation: ``ratio`` divides by the baseline's number, ``difference`` subtracts it.
    """

    of: str
    baseline: str
    relation: Literal["ratio", "difference"]

    def value(self, number: float, beside: float) -> float:
        """Returns the ratio or the difference."""
        return number / beside if self.relation == "ratio" else number - beside


@dataclasses.dataclass(frozen=True)
class Baseline:
    """A simple method that a model is compared with.

    Attributes:
        name: its key among the evaluation's ``baselines``.
        heading: its name in tables; braces work as in `Number`.
        short: its name within a sentence; if empty, the heading is used.
    """

    name: str
    heading: str
    short: str = ""


def ratio(number: Number, baseline: Baseline, *, tile: bool = False) -> Comparison:
    """Declares a number divided by the baseline's number.

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
    """Declares a number minus the baseline's number, written with its sign. It has no column: readers can subtract."""
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
    """All numbers that the evaluations of a task measure.

    An evaluation, a record and a card each hold ``numbers`` (name -> value) and ``baselines`` (name -> its numbers).

    Attributes:
        numbers: the numbers in the order of tables.
        baselines: the baselines in the order of tables.
        headline: names of numbers; the first that was measured represents the evaluation in one line. If none was, the
            first of all numbers does.
        facts: a function from the evaluation to the values that fill the braces in headings; by default the
            evaluation itself.
    """

    numbers: tuple[Number, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    headline: tuple[str, ...] = ()
    facts: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    def joined(self, *others: "Numbers") -> "Numbers":
        """Returns these numbers followed by those of ``others``, each number and each baseline once.

        >>> fid = Numbers((Number(name="fid", heading="FID", better="lower"),))
        >>> fid.joined(Numbers(), fid).names
        ['fid']
        """
        joined = (self, *others)
        numbers = dict.fromkeys(number for one in joined for number in one.numbers)
        baselines = dict.fromkeys(baseline for one in joined for baseline in one.baselines)
        return dataclasses.replace(self, numbers=tuple(numbers), baselines=tuple(baselines))

    @property
    def names(self) -> list[str]:
        """Returns the names of the numbers."""
        return [number.name for number in self.numbers]

    def __getitem__(self, name: str) -> Number:
        return next(number for number in self.numbers if number.name == name)

    def heading(self, what: Number | Baseline, evaluation: Mapping[str, Any]) -> str:
        """Returns the heading of a number or a baseline, without the unit."""
        return what.heading.format_map(self.facts(evaluation))

    def title(self, number: Number, evaluation: Mapping[str, Any]) -> str:
        """Returns the heading of a column, with the unit."""
        return self.heading(number, evaluation) + (f", {number.unit}" if number.unit else "")

    def columns(self, *measured: Values) -> list[Number]:
        """Returns the numbers that get a column in a table whose rows are ``measured``."""
        return [it for it in self.numbers if it.column and any(row.get(it.name) is not None for row in measured)]

    def rows(self, evaluation: Mapping[str, Any]) -> list[tuple[str, Values]]:
        """Returns a heading and the numbers of each baseline. A baseline's ratio to itself is 1."""
        found: list[tuple[str, Values]] = []
        for baseline in self.baselines:
            values = evaluation["baselines"].get(baseline.name)
            if values:
                found.append((self.heading(baseline, evaluation), {**values, **self._itself(baseline, values)}))
        return found

    def compared(self, values: Values, baselines: Mapping[str, Values]) -> dict[str, float | None]:
        """Returns the values together with all comparisons that the values and the baselines allow.

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
        """Returns the number that represents the evaluation; None if none was measured."""
        names = (*self.headline, *(number.name for number in self.numbers))
        return next((self[name] for name in names if values.get(name) is not None), None)

    def summary(self, evaluation: Mapping[str, Any]) -> str:
        """Describes the evaluation in one line: its first number, and in brackets that number for each baseline."""
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
        """Returns the ratios of a baseline's numbers to themselves."""
        return {
            number.name: 1.0
            for number in self.numbers
            if isinstance(number, Comparison)
            and (number.baseline, number.relation) == (baseline.name, "ratio")
            and values.get(number.of) is not None
        }
