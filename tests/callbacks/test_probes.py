"""Probes report the plain functions' numbers of the epoch's model, and training does not notice them."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import analysis, callbacks, data, layers, metrics
from keras_genssl.analysis.labelled import count_labelled
from keras_genssl.engine import Anything, Image, Method

SIZE, CLASSES = 8, 3


def labelled(count, seed):
    """Noisy images whose brightest of three bands is their class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = rng.integers(0, 120, (count, SIZE, SIZE, 1))
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 3] += rng.integers(20, 120)
    return images.astype(np.uint8), labels


GALLERY, QUERIES = labelled(60, 1), labelled(40, 2)


class Masked(Method):
    """An encoder with batch norm and dropout; it learns to say how bright the image is."""

    def __init__(self):
        super().__init__()
        images = keras.Input((SIZE, SIZE, 1))
        x = keras.layers.Conv2D(4, 3, 2, activation="relu")(keras.layers.Dropout(0.3)(images))
        x = keras.layers.Flatten()(layers.BatchNormalization()(x))
        self.encoder = keras.Model(images, keras.layers.Dense(5, dtype="float32")(x))
        self.training_mode = False

    def inputs(self):
        return {"image": Image((SIZE, SIZE, 1)), "label": Anything(required=False)}

    def call(self, batch, training=False):
        return self.encoder(batch["image"], training=training)

    def example_losses(self, x, y, y_pred):
        brightness = keras.ops.mean(x["image"], axis=(1, 2, 3))
        return keras.ops.square(y_pred[:, 0] - brightness)

    def encode(self, images):
        return self.encoder(images, training=self.training_mode)


def made():
    keras.utils.set_random_seed(0)
    model = Masked()
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def train(model, looks, epochs=3):
    images = labelled(24, 0)[0]
    return model.fit(images, epochs=epochs, batch_size=8, verbose=0, callbacks=looks).history


TUNING = {"steps": 3, "batch_size": 8, "learning_rate": 0.05, "seed": 5}


def probes():
    return [
        callbacks.KNNProbe(GALLERY, QUERIES, k=5, every=2),
        callbacks.KNNProbe(GALLERY, k=3, temperature=None, every=2, prefix="own_"),
        callbacks.LinearProbe(GALLERY, QUERIES, penalty=0.5, every=2),
        callbacks.FewLabelProbe(GALLERY, QUERIES, labels_per_class=4, seeds=(1, 2), every=2),
        callbacks.FewLabelProbe(GALLERY, QUERIES, labels_per_class=(1, 20), seeds=(3,), every=2, prefix="more_"),
        callbacks.FineTuningProbe(GALLERY, QUERIES, 4, **TUNING, every=2),
        callbacks.ClusteringProbe(QUERIES, every=2, prefix="test_"),
    ]


@pytest.fixture(scope="module")
def runs():
    """Two trainings, one of which is probed, and after each epoch the features of the probed model."""
    plain, probed = made(), made()
    features = []

    def look(epoch, logs):
        parts = [analysis.encode_labelled(probed.encode, part)[0] for part in (GALLERY, QUERIES)]
        features.append([*parts, probed.encoder.get_weights()])

    histories = [train(plain, [])]
    histories.append(train(probed, [*probes(), keras.callbacks.LambdaCallback(on_epoch_end=look)]))
    return plain, probed, histories, features


def test_training_does_not_notice(runs):
    """Weights, batch statistics, optimizer and seeds to the bit, and so the next step."""
    plain, probed, histories, _ = runs
    for _ in range(2):
        for one, other in zip(
            [*plain.variables, *plain.optimizer.variables],
            [*probed.variables, *probed.optimizer.variables],
            strict=True,
        ):
            np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)
        batch = labelled(8, 9)[0]
        losses = [model.train_on_batch(batch) for model in (plain, probed)]
        assert losses[0] == losses[1]
    assert histories[0]["loss"] == histories[1]["loss"]


def tuned(weights):
    encoder = made().encoder
    encoder.set_weights(weights)
    return analysis.fine_tuned_accuracy(encoder, GALLERY, QUERIES, 4, **TUNING)


def test_numbers_are_those_of_the_functions(runs):
    _, _, (_, history), features = runs
    expected = {}
    for gallery, queries, weights in features[1:]:  # the second epoch, and the third as the last
        test, known = (queries, QUERIES[1]), (gallery, GALLERY[1])
        few = metrics.few_label_accuracy(*test, *known, labels_per_class=4, seeds=(1, 2))
        numbers = {
            "knn_accuracy": metrics.knn_accuracy(*test, *known, k=5),
            "own_knn_accuracy": metrics.knn_accuracy(*known, k=3, temperature=None),
            "linear_accuracy": metrics.linear_accuracy(*test, *known, penalty=0.5),
            "few_label_accuracy_4": few["mean"],
            "few_label_deviation_4": few["deviation"],
            **{
                f"more_few_label_accuracy_{n}": metrics.few_label_accuracy(*test, *known, n, (3,))["mean"]
                for n in (1, 20)
            },
            "more_few_label_deviation_1": 0.0,
            "more_few_label_deviation_20": 0.0,
            "fine_tuned_accuracy_4": tuned(weights),
            **{f"test_cluster_{name}": value for name, value in metrics.clustering_scores(*test).items()},
        }
        for name, value in numbers.items():
            expected.setdefault(name, []).append(value)
    assert {name: values for name, values in history.items() if name != "loss"} == expected
    assert expected["linear_accuracy"][-1] > 0.5  # of three classes: the numbers say something


def test_no_global_seed_is_touched():
    model = made()
    states = [random.getstate(), np.random.get_state()[1].tolist()]
    for probe in probes():
        probe.set_model(model)
        probe.look(1, {})
    assert [random.getstate(), np.random.get_state()[1].tolist()] == states


def test_an_encoder_in_training_mode_is_caught():
    model = made()
    model.training_mode = True
    probe = callbacks.LinearProbe(GALLERY, QUERIES)
    probe.set_model(model)
    with pytest.raises(RuntimeError, match=r"training=False.*moving_mean"):
        probe.look(1, {})


def test_any_function_may_encode():
    model = keras.Sequential([keras.Input((SIZE, SIZE, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.raises(ValueError, match="Sequential has no `encode`"):
        model.fit(np.zeros((4, SIZE, SIZE, 1)), np.zeros(4), verbose=0, callbacks=[callbacks.KNNProbe(GALLERY)])
    probe = callbacks.KNNProbe(GALLERY, QUERIES, encode=lambda images: images, batch_size=7)
    history = model.fit(np.zeros((4, SIZE, SIZE, 1)), np.zeros(4), verbose=0, callbacks=[probe])
    pixels = [images.reshape(len(images), -1) / 127.5 - 1 for images in (QUERIES[0], GALLERY[0])]
    expected = metrics.knn_accuracy(pixels[0], QUERIES[1], pixels[1], GALLERY[1])
    assert history.history["knn_accuracy"] == [expected]


def test_datasets_are_read_like_arrays():
    encode = lambda images: images[:, ::2, ::2] + 1  # noqa: E731
    images, labels = GALLERY
    features, same = analysis.encode_labelled(encode, (images, labels))
    np.testing.assert_allclose(features, (images[:, ::2, ::2] / 127.5).reshape(60, -1), atol=1e-6)
    np.testing.assert_array_equal(same, labels)
    as_tuples = tf.data.Dataset.from_tensor_slices((images, labels)).batch(25)
    as_dicts = tf.data.Dataset.from_tensor_slices({"image": images, "label": labels, "key": labels}).batch(7)
    for dataset in (as_tuples, as_dicts):
        read = analysis.encode_labelled(encode, dataset, batch_size=10)
        np.testing.assert_array_equal(read[0], features)
        np.testing.assert_array_equal(read[1], labels)


def test_a_loaded_dataset_keeps_its_position_and_order():
    dataset = data.load({"image": GALLERY[0], "label": GALLERY[1]}, batch_size=20, seed=3)
    first = analysis.encode_labelled(lambda images: images, dataset)
    dataset.order.position = (2, 1)
    again = analysis.encode_labelled(lambda images: images, dataset)
    assert dataset.order.position == (2, 1)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(np.sort(first[1]), np.sort(GALLERY[1]))


@pytest.mark.parametrize("queries", [QUERIES, None])
@pytest.mark.parametrize(
    "gallery",
    [
        tf.data.Dataset.from_tensor_slices(GALLERY).batch(25),
        data.load({"image": GALLERY[0], "label": GALLERY[1]}, batch_size=7, drop_remainder=False),
    ],
)
def test_more_neighbours_than_a_dataset_has_are_refused_before_training(gallery, queries):
    most = 60 if queries is not None else 59  # each image is left out of its own search
    model = made()
    callbacks.KNNProbe(gallery, queries, k=most).set_model(model)
    for k in (most, most + 1):
        probe = callbacks.KNNProbe(gallery, queries, k=k)
        probe.set_model(model)
        if k == most:
            probe.on_train_begin()
        else:
            with pytest.raises(ValueError, match=f"`k` must lie in 1 ... {most}.*Received: k={k}"):
                probe.on_train_begin()


def test_images_are_counted_no_further_than_is_asked():
    taken = []

    def batches():
        for start in range(0, 60, 20):
            taken.append(start)
            yield GALLERY[0][start : start + 20], GALLERY[1][start : start + 20]

    kinds = (tf.TensorSpec((None, SIZE, SIZE, 1), tf.uint8), tf.TensorSpec((None,), tf.int64))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=kinds)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(3))
    assert count_labelled(dataset, 21) == 40
    assert taken in ([0, 20], [0, 20, 40])  # one may be read ahead
    assert count_labelled(dataset, 100) == 60
    loaded = data.load({"image": GALLERY[0], "label": GALLERY[1]}, batch_size=7)
    loaded.order.position = (1, 2)
    assert (count_labelled(loaded, 1), loaded.order.position) == (56, (1, 2))
    assert count_labelled(GALLERY, 1) == 60


def test_any_encoder_may_be_tuned_and_a_dataset_is_gathered():
    images = keras.Input((SIZE, SIZE, 1))
    encoder = keras.Model(images, keras.layers.Dense(3)(keras.layers.Flatten()(images)))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    probe = callbacks.FineTuningProbe(GALLERY, QUERIES, None, **TUNING)
    probe.set_model(model)
    with pytest.raises(ValueError, match=r"`encoder` must be a built keras.Model .* Received: None, of Sequential"):
        probe.on_train_begin()
    dataset = tf.data.Dataset.from_tensor_slices(GALLERY).batch(25)
    probe = callbacks.FineTuningProbe(dataset, QUERIES, None, **TUNING, encoder=encoder, prefix="my_")
    probe.set_model(model)
    probe.on_train_begin()
    logs = {}
    probe.look(1, logs)
    assert logs == {"my_fine_tuned_accuracy": analysis.fine_tuned_accuracy(encoder, GALLERY, QUERIES, **TUNING)}


def test_an_encoder_that_tuning_changes_is_caught(monkeypatch):
    def tunes_the_encoder_itself(encoder, *data, **settings):
        encoder.weights[0].assign_add(encoder.weights[0])
        return 1.0

    monkeypatch.setattr("keras_genssl.callbacks.fine_tuning_probe.fine_tuned_accuracy", tunes_the_encoder_itself)
    probe = callbacks.FineTuningProbe(GALLERY, QUERIES)
    probe.set_model(made())
    logs = {}
    with pytest.raises(RuntimeError, match=r"Tuning a copy must leave the model as it is.*a change of 1 weights"):
        probe.look(1, logs)
    assert logs == {}


def test_a_probe_of_ones_own_says_its_numbers_alone():
    class Spread(callbacks.Probe):
        def measure(self, *encoded):
            ((features, labels),) = encoded
            return {"spread": float(features.std()), "classes": float(len(set(labels)))}

    probe = Spread((QUERIES,), encode=lambda images: images, prefix="test_")
    probe.set_model(made())
    logs = {}
    probe.look(1, logs)
    expected = float((QUERIES[0].astype(np.float32) / 127.5 - 1.0).std())
    assert logs == {"test_spread": pytest.approx(expected, abs=1e-6), "test_classes": 3.0}


ENDLESS = tf.data.Dataset.from_tensor_slices(GALLERY).batch(20).repeat()
EMPTY = tf.data.Dataset.from_tensor_slices(GALLERY).batch(20).take(0)
NO_LABELS = tf.data.Dataset.from_tensor_slices({"image": GALLERY[0]}).batch(20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: callbacks.KNNProbe(GALLERY, every=0), "`every` must be a positive integer"),
        (lambda: callbacks.KNNProbe(GALLERY, k=0), "`k` must be a positive integer"),
        (lambda: callbacks.KNNProbe(GALLERY, k=2.5), "`k` must be a positive integer. Received: k=2.5"),
        (lambda: callbacks.KNNProbe(GALLERY, QUERIES, k=61), "`k` must lie in 1 ... 60"),
        (lambda: callbacks.KNNProbe(GALLERY, k=60), "`k` must lie in 1 ... 59"),
        (lambda: callbacks.KNNProbe(GALLERY, temperature=-1), "`temperature` must be positive"),
        (lambda: callbacks.KNNProbe(GALLERY, encode="mean"), "`encode` must be a function"),
        (lambda: callbacks.KNNProbe(GALLERY, batch_size=0), "`batch_size` must be positive"),
        (lambda: callbacks.LinearProbe(GALLERY, QUERIES, penalty=0), "`penalty` must be positive"),
        (lambda: callbacks.FewLabelProbe(GALLERY, QUERIES, 0), "`labels_per_class` must be a positive integer, or"),
        (lambda: callbacks.FewLabelProbe(GALLERY, QUERIES, (1, 0)), r"or several. Received: labels_per_class=\(1, 0\)"),
        (lambda: callbacks.FewLabelProbe(GALLERY, QUERIES, ()), r"or several. Received: labels_per_class=\(\)"),
        (lambda: callbacks.FewLabelProbe(GALLERY, QUERIES, 2.5), "or several. Received: labels_per_class=2.5"),
        (lambda: callbacks.FineTuningProbe(GALLERY, QUERIES, 0), "`labels_per_class` must be a positive integer"),
        (lambda: callbacks.FineTuningProbe(GALLERY, QUERIES, steps=1.5), "`steps` must be a positive integer"),
        (lambda: callbacks.FineTuningProbe(GALLERY, QUERIES, learning_rate=0), "`learning_rate` must be positive"),
        (lambda: callbacks.FineTuningProbe(GALLERY, QUERIES, encoder=np.mean), "`encoder` must be a built keras.Model"),
        (lambda: callbacks.FewLabelProbe(GALLERY, QUERIES, penalty=-1), "`penalty` must be positive"),
        (lambda: callbacks.ClusteringProbe(GALLERY, 0), "`num_clusters` must be positive"),
        (lambda: analysis.encode_labelled(np.asarray, ENDLESS), "a dataset without end"),
        (lambda: analysis.encode_labelled(np.asarray, EMPTY), "an image at least"),
        (lambda: analysis.encode_labelled(np.asarray, NO_LABELS), "images and labels, two parts"),
        (lambda: analysis.encode_labelled(np.asarray, GALLERY[0]), "arrays .images, labels. or a finite"),
        (lambda: analysis.encode_labelled(np.asarray, (GALLERY[0], [1])), r"`labels` must .* \(1,\) for 60"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (callbacks.FewLabelProbe(GALLERY, QUERIES, (1, 21)), "must lie in 1 ... 20"),
        (callbacks.FineTuningProbe(GALLERY, QUERIES, 21), "must lie in 1 ... 20"),
        (callbacks.KNNProbe(GALLERY, encode=lambda images: np.nan * images), "must be finite"),
        (callbacks.LinearProbe((GALLERY[0], 0 * GALLERY[1]), QUERIES), "two classes at least"),
    ],
)
def test_what_cannot_be_measured_is_an_error(probe, message):
    probe.set_model(made())
    with pytest.raises(ValueError, match=message):
        probe.look(1, {})
