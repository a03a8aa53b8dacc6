"""The filters in setup.cfg: a warning from our code fails the test that sees it, others do not."""

import warnings

import pytest


def warn_from(module):
    exec("import warnings; warnings.warn('old', DeprecationWarning)", {"__name__": module})


@pytest.mark.parametrize("module", ["keras_genssl", "keras_genssl.losses.ntxent", "pipelines.cli.main", "tests.toys"])
def test_warnings_of_ours_are_errors(module):
    with pytest.raises(DeprecationWarning, match="old"):
        warn_from(module)


def test_warnings_of_others_are_not():
    with warnings.catch_warnings(record=True) as caught:
        warn_from("keras.src.models")
    assert [str(warning.message) for warning in caught] == ["old"]
