"""The replicas' parts of a batch, joined in order, are the batch of one device (in processes of their own)."""

import json
import os
import socket

import pytest

from tests import processes
from tests.data.prepared import super_resolution, write_prepared

PROGRAM = """
import json, sys
import tensorflow as tf
strategy_name, directory = sys.argv[1:]
cpus = tf.config.list_physical_devices("CPU")
if strategy_name == "mirrored":
    tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
else:
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
from keras_genssl import data

def transform(example, seed):
    return {"id": example["low"][0, 0, 0], "seed": example["low"][0, 0, 0] * 0 + seed % 251}

numbers = {"id": 18, "seed": 7}
domains = {name: data.load({name: tf.range(count).numpy()}) for name, count in numbers.items()}
joined = data.join(domains, batch_size=4, aligned=False, seed=3)
results = []
for dataset in (
    data.load(directory, batch_size=4, seed=3, transform=transform),
    joined.map(lambda batch: {"id": batch["id"], "seed": 2 * batch["seed"]}),
):
    dataset.order.position = (0, 1)
    distributed = strategy.experimental_distribute_dataset(dataset)
    epochs = []
    for _ in range(2):
        batches = []
        for batch in distributed:
            local = strategy.experimental_local_results
            ids = [value for part in local(batch["id"]) for value in part.numpy().tolist()]
            seeds = [value for part in local(batch["seed"]) for value in part.numpy().tolist()]
            batches.append([ids, seeds, [part.shape[0] for part in local(batch["id"])]])
        epochs.append(batches)
    results.append(epochs)
print("RESULT" + json.dumps(results))
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    examples, features = super_resolution(18)
    return write_prepared(tmp_path_factory.mktemp("data") / "tiny", {"train": examples}, features)


def start(strategy, directory, **environment):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **environment}
    return processes.start(["-c", PROGRAM, strategy, directory], env=environment)


def finish(process):
    assert process.wait(timeout=240) == 0, process.errors[-3000:]
    return json.loads(process.output.split("RESULT")[1])


def expected():
    """The batches of one device: of records with the seeds of their transforms, and of two domains, mapped."""
    from keras_genssl import data

    order, joined = data.Order(18, 4, seed=3), data.UnalignedOrder([18, 7], 4, seed=3)

    def record(epoch, step):
        ids, seeds = order.batch(epoch, step)
        return [ids.tolist(), (seeds % 251).tolist()]

    def pair(epoch, step):
        first, second = joined.batch(epoch, step)[0].T
        return [first.tolist(), (2 * second).tolist()]

    return [[[batch(e, s) for s in range(e == 0, 4)] for e in range(2)] for batch in (record, pair)]


def test_mirrored_strategy(directory):
    results = finish(start("mirrored", directory))
    assert [[[batch[:2] for batch in epoch] for epoch in epochs] for epochs in results] == expected()
    assert all(sizes == [2, 2] for epochs in results for epoch in epochs for *_, sizes in epoch)


def test_multi_worker_strategy(directory):
    sockets = [socket.socket() for _ in range(2)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    cluster = {"worker": [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]}
    for s in sockets:
        s.close()
    workers = [
        start(
            "multi_worker",
            directory,
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}}),
        )
        for i in range(2)
    ]
    first, second = (finish(worker) for worker in workers)
    joined = [
        [[[a[0] + b[0], a[1] + b[1]] for a, b in zip(*epoch, strict=True)] for epoch in zip(*epochs, strict=True)]
        for epochs in zip(first, second, strict=True)
    ]
    assert joined == expected()
