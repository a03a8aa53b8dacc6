"""One thread for scikit-learn: on busy cores its threads wait for one another, at each of a thousand tiny steps."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    with threadpool_limits(1):
        yield
