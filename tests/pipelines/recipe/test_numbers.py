"""Numbers as they are declared: written, compared with baselines, told in a line."""

import pytest

from pipelines import tasks
from pipelines.recipe.numbers import Baseline, Comparison, Number, Numbers, difference, ratio

ERROR = Number(
    name="error", heading="error of {images}", better="lower", format=".2f", fine=".4f", unit="dB", tile=True
)
SHARE = Number(name="share", heading="share", better="higher", format=".1%")
PCA = Baseline("pca", "PCA of {components} components", "PCA-{components}")
NUMBERS = Numbers(
    (ERROR, ratio(ERROR, PCA), SHARE, difference(SHARE, PCA)), (PCA,), headline=("nothing", "error", "share")
)
EVALUATION = {
    "numbers": {"error": 0.5, "error_over_pca": 0.25, "share": 0.5, "share_over_pca": -0.125},
    "baselines": {"pca": {"error": 2.0, "share": 0.625}},
    "images": 7,
    "components": 3,
}


@pytest.mark.parametrize(
    ("number", "value", "text"),
    [
        (ERROR, 0.1, "0.10"),
        (ERROR, 0.0999, "0.0999"),
        (ERROR, -0.05, "-0.0500"),
        (SHARE, 0.125, "12.5%"),
        (difference(SHARE, PCA), 0.125, "+12.5%"),
        (SHARE, None, ""),
    ],
)
def test_a_number_is_written_by_its_format(number, value, text):
    assert number.written({number.name: value}) == text


def test_a_deviation_stands_behind_its_number_in_the_same_format():
    assert SHARE.written({"share": 0.5, "share_deviation": 0.0125}) == "50.0% ± 1.2"


def test_comparisons_are_a_ratio_and_a_difference_and_need_both_sides():
    measured = {"error": 0.5, "share": 0.5}
    assert NUMBERS.compared(measured, EVALUATION["baselines"]) == EVALUATION["numbers"]
    assert NUMBERS.compared(measured, {"pca": {"share": 0.25}}) == {**measured, "share_over_pca": 0.25}
    assert NUMBERS.compared({"error": None}, EVALUATION["baselines"]) == {"error": None}


def test_better_than_par_is_good_in_the_direction_of_the_number():
    assert [NUMBERS["error_over_pca"].is_good(value) for value in (0.5, 1.0, 2.0)] == [True, False, False]
    assert [NUMBERS["share_over_pca"].is_good(value) for value in (0.5, 0.0, -0.5)] == [True, False, False]
    assert ERROR.is_good(0.5) is None


def test_rows_and_titles_are_filled_from_the_evaluation():
    columns = NUMBERS.columns(EVALUATION["numbers"])
    titles = [NUMBERS.title(number, EVALUATION) for number in columns]
    assert titles == ["error of 7, dB", "error of 7 over PCA-3's", "share"]  # what can be subtracted has no column
    ((heading, values),) = NUMBERS.rows(EVALUATION)
    assert heading == "PCA of 3 components"
    assert [number.written(values) for number in columns] == ["2.00", "1.000", "62.5%"]


def test_the_summary_is_the_first_number_that_was_measured_beside_its_baselines():
    assert NUMBERS.summary(EVALUATION) == "error of 7 0.50 dB (PCA-3 2.00)"
    assert NUMBERS.summary({**EVALUATION, "numbers": {"share": 0.5}, "baselines": {}}) == "share 50.0%"
    assert NUMBERS.summary({**EVALUATION, "numbers": {}}) == "nothing was measured"


@pytest.mark.parametrize("name", tasks.names())
def test_each_task_declares_each_name_once_and_compares_what_it_declares(name):
    declared = tasks.named(name).numbers
    assert len(set(declared.names)) == len(declared.names)
    assert set(declared.headline) <= set(declared.names)
    of_task = tasks.recipes_of(name).model_fields["evaluate"].default.numbers
    assert declared.names[: len(of_task.names)] == of_task.names
    baselines = {baseline.name for baseline in declared.baselines}
    for number in declared.numbers:
        if isinstance(number, Comparison):
            assert number.of in declared.names
            assert number.baseline in baselines
