import keras
import numpy as np
import pytest

import keras_genssl as kg

SIDE = 2
IMAGES = np.random.default_rng(0).integers(256, size=(12, SIDE, SIDE, 1), dtype=np.uint8)
LABELS = np.arange(12) % 3


def model():
    keras.utils.set_random_seed(1)
    encoder = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    method = kg.models.TripletEmbeddingModel(encoder, margin=1.0)
    method.compile(keras.optimizers.SGD(0.1))
    return method


def dataset():
    return kg.data.load({"image": IMAGES}, batch_size=4, groups=kg.data.triplets(LABELS, 10, seed=0))


class Watch(keras.callbacks.Callback):
    """What each epoch trains on, and what the model it begins with finds hard."""

    def __init__(self, images, **mining):
        super().__init__()
        self.images, self.mining, self.used, self.hard = images, mining, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.used.append(np.stack(list(self.images.groups.groups.members.values()), axis=1).tolist())
        seed = int(np.random.SeedSequence([7, epoch // 2]).generate_state(1)[0])
        embeddings = np.asarray(self.model.encode(IMAGES))
        self.hard.append(kg.analysis.mine_triplets(embeddings, LABELS, 10, seed=seed).tolist())


def test_each_period_trains_on_what_the_model_finds_hard_at_its_beginning(tmp_path):
    images = dataset()
    first = np.stack(list(images.groups.groups.members.values()), axis=1).tolist()
    mining = kg.callbacks.TripletMining(images, IMAGES, LABELS, every=2, seed=7, directory=tmp_path)
    watch = Watch(images)
    method = model()
    method.fit(images, epochs=5, verbose=0, callbacks=[mining, watch])
    assert watch.used == [first, first, watch.hard[2], watch.hard[2], watch.hard[4]]
    assert watch.hard[2] != watch.hard[3]  # the model has learnt meanwhile
    assert sorted(file.name for file in tmp_path.iterdir()) == ["triplets-00000001.npy", "triplets-00000002.npy"]

    # A run that goes on inside the second period, with weights that have moved since.
    again, onwards = dataset(), model()
    onwards.set_weights(method.get_weights())
    resumed = kg.callbacks.TripletMining(again, IMAGES, LABELS, every=2, seed=7, directory=tmp_path)
    other = Watch(again)
    onwards.fit(again, initial_epoch=3, epochs=4, verbose=0, callbacks=[resumed, other])
    assert other.used == [watch.used[3]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": kg.data.load({"image": IMAGES})}, "without triplets"),
        ({"every": 0}, "`every` must be a positive integer. Received: every=0"),
        ({"labels": LABELS[:-1]}, r"`labels` must be .* of shape \(11,\) for 12 examples"),
        ({"labels": np.arange(12) // 2 * (np.arange(12) < 8)}, "12 images"),
    ][:3],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        kg.callbacks.TripletMining(**{"dataset": dataset(), "images": IMAGES, "labels": LABELS, **arguments})
