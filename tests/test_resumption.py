"""An interrupted run of every method ends with the bits of one never interrupted (tests/resumption.py)."""

import pathlib

import pytest

from tests.contracts import CASES
from tests.resumption import assert_interrupted_equals_whole

# The largest of their method, with no state that others have not (spectral normalisation's is SNGAN's too).
LARGE = ("ACGAN, as the paper", "ConditionalGAN, projection", "SRGAN, as the paper")


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGE])
def test_an_interrupted_run_equals_the_whole(name: str, tmp_path: pathlib.Path) -> None:
    # Op by op: a step is traced anew in each of the four runs, and what a run restores is the same either way.
    assert_interrupted_equals_whole(CASES[name], tmp_path, run_eagerly=True)
