"""Runs in the process of the tests check their SavedModels in one clean process, which a user's run starts anew."""

import contextlib
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_clean_process() -> Iterator[None]:
    from keras_genssl.export import verify
    from tests import without_keras

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "CleanProcess", lambda: contextlib.nullcontext(without_keras.process()))
        yield
