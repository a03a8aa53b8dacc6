"""What every worker does, and what the chief alone publishes."""

import hashlib

import numpy as np

from keras_genssl import data
from pipelines.console import Console
from pipelines.run import loading as recipe
from pipelines.training import publish, weights, worker

NARROW = ["model.networks=dense", "model.units=[]", "model.code_dim=2", "prepare.size=4"]


def test_a_worker_writes_states_alone_and_the_chief_publishes_what_it_trained(tmp_path):
    loaded = recipe.load("fashion_mnist/autoencoder", [*NARROW, "train.steps=3", "train.batch_size=2"])
    images = np.random.default_rng(0).integers(256, size=(4, 4, 4, 1), dtype=np.uint8)

    def read():
        return data.load({"image": images}, batch_size=2, seed=0)

    trained = worker.work(loaded, read, tmp_path / "examples", tmp_path / "state", Console())
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert (trained.steps_per_epoch, trained.interrupted) == (2, False)

    published = tmp_path / "train"
    published.mkdir()
    told = publish.publish(trained, published)
    assert sorted(path.name for path in published.iterdir()) == ["history.json", "model.weights.h5"]
    (phase,) = trained.phases
    assert publish.history(published) == {"training": phase.history}
    last = {"training": {"steps": 3, "epochs": 2, "losses": {"loss": phase.history["loss"][1]}}}
    assert (told["phases"], told["steps"], told["steps_per_epoch"]) == (last, 3, 2)
    loaded_weights = weights.load(loaded, published).get_weights()
    for kept, made in zip(loaded_weights, trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, made)
    assert told["sha256"] == hashlib.sha256(b"".join(each.tobytes() for each in loaded_weights)).hexdigest()
    assert told["weights"] == 2 * 16 + 2 + 2 * 16 + 16  # into the code of two and back, with biases

    again = worker.work(loaded, read, tmp_path / "examples", tmp_path / "state", Console())
    assert again.interrupted
    assert publish.publish(again, published)["sha256"] == told["sha256"]
