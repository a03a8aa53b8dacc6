"""Two replicas compute what one device computes, for every method under contract."""

import json
import os
import pathlib
import socket

import numpy as np
import pytest

import keras_genssl as kg
from tests import processes
from tests.contracts import CASES, LARGE, MEETS_AS

TIMEOUT = 3000  # seconds, twice the budget of the whole suite: a busy machine is no failure


def start(strategy: str, output: pathlib.Path, names: list[str], **environment: str) -> processes.Process:
    command = ["-m", "tests.distribution.train", strategy, str(output), *names]
    return processes.start(command, env={**os.environ, **environment})


def finish(started: list[processes.Process]) -> None:
    try:
        for process in started:
            assert process.wait(TIMEOUT) == 0, process.errors[-6000:]
    finally:
        for process in started:
            process.kill()


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


ON_TWO_DEVICES = [name for name in CASES if name not in LARGE]
ON_TWO_WORKERS = [name for name in ON_TWO_DEVICES if name not in MEETS_AS]

# Two times two processes train; the first test waits for them.
pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest.fixture(scope="module")
def trained(request, tmp_path_factory) -> dict[str, dict[str, np.ndarray]]:
    """What each way of training came to: strategy -> name -> array; of the cases that this session tests."""
    folder = tmp_path_factory.mktemp("distribution")
    tested = [item.callspec.params for item in request.session.items if item.path == request.path and "[" in item.name]
    names = [name for name in CASES if any(params["name"] == name for params in tested)]
    finish([start(strategy, folder / strategy, names) for strategy in ("default", "mirrored")])
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    finish(
        [
            start(
                "multi_worker",
                folder / f"multi_worker_{index}",
                [name for name in names if name in ON_TWO_WORKERS],
                TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}),
            )
            for index in range(2)
        ]
    )
    return {path.name: dict(np.load(path)) for path in folder.iterdir() if not path.suffix}


def test_the_strategies_had_two_replicas(trained) -> None:
    assert {name: int(results["replicas"]) for name, results in trained.items()} == {
        "default": 1,
        "mirrored": 2,
        "multi_worker_0": 2,
        "multi_worker_1": 2,
    }


@pytest.mark.parametrize(
    ("name", "strategy"),
    [(name, "mirrored") for name in ON_TWO_DEVICES]
    + [(name, f"multi_worker_{index}") for name in ON_TWO_WORKERS for index in range(2)],
)
def test_replicas_equal_one_device(trained, name: str, strategy: str) -> None:
    one = {key: value for key, value in trained["default"].items() if key.startswith(f"{name}/")}
    many = {key: value for key, value in trained[strategy].items() if key.startswith(f"{name}/")}
    assert len(one) > 3
    assert many.keys() == one.keys()
    for key, value in one.items():
        np.testing.assert_allclose(many[key], value, rtol=0, atol=1e-6, err_msg=key)


def test_what_stands_for_others_is_trained_itself() -> None:
    assert set(MEETS_AS) <= set(ON_TWO_DEVICES)
    assert set(MEETS_AS.values()) <= set(ON_TWO_WORKERS)
    noisy = {name for name in ON_TWO_DEVICES if kg.engine.replicas.seed_generators(CASES[name].build())}
    assert [name for name, other in MEETS_AS.items() if name in noisy and other not in noisy] == []


def test_batches_of_an_update_are_one_large_batch_on_two_replicas_too(trained) -> None:
    one, many = (
        {key: value for key, value in trained[strategy].items() if key.startswith("accumulation/")}
        for strategy in ("default", "mirrored")
    )
    assert len(one) == 4  # encoder none, head, its copy, the queue and its position
    for key, value in one.items():
        np.testing.assert_allclose(many[key], value, rtol=0, atol=1e-9, err_msg=key)


def test_mixed_precision_takes_the_steps_of_one_device(trained) -> None:
    """To the rounding of bfloat16, 0.07 here: steps twice as large would be off by 1, half as large by 0.5."""
    one, many = (trained[strategy]["mixed_precision"] for strategy in ("default", "mirrored"))
    assert np.linalg.norm(many - one) < 0.2 * np.linalg.norm(one)
