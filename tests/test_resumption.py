"""An interrupted run of every method ends with the bits of one never interrupted (tests/resumption.py)."""

import pathlib

import pytest

from tests.contracts import CASES, LARGE
from tests.resumption import assert_interrupted_equals_whole


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGE])
def test_an_interrupted_run_equals_the_whole(name: str, tmp_path: pathlib.Path) -> None:
    # Op by op: a step is traced anew in each of the two runs, and what a run restores is the same either way.
    assert_interrupted_equals_whole(CASES[name], tmp_path, run_eagerly=True)
