import random

import keras
import numpy as np
import pytest

from keras_genssl import analysis

SIZE = 6


def labelled(count, seed):
    """Images that are bright on one side of two, with labels 3 and 8."""
    rng = np.random.default_rng(seed)
    labels = np.where(np.arange(count) % 2, 8, 3)
    images = rng.uniform(-1, 0, (count, SIZE, SIZE, 1)).astype(np.float32)
    images[labels == 3, :, : SIZE // 2] += 1
    images[labels == 8, :, SIZE // 2 :] += 1
    return images, labels


def encoder():
    """Untrained, and no use as it is: its code is the mean."""
    images = keras.Input((SIZE, SIZE, 1))
    x = keras.layers.Conv2D(4, SIZE, kernel_initializer="ones", use_bias=False)(images)
    x = keras.layers.Dropout(0.2)(keras.layers.BatchNormalization(momentum=0.8)(x))
    return keras.Model(images, x)


@pytest.fixture(scope="module")
def tuned():
    """Twice, from other global seeds: the encoder, its first weights, accuracies, and the losses of all steps."""
    pretrained = encoder()
    before = [weight.copy() for weight in pretrained.get_weights()]
    accuracies, losses, train = [], [], keras.Model.train_on_batch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "train_on_batch", lambda *args: losses[-1].append(train(*args)))
        for seed in (1, 2):
            keras.utils.set_random_seed(seed)
            state = random.getstate(), np.random.get_state()[1].tolist()
            losses.append([])
            accuracies.append(
                analysis.fine_tuned_accuracy(
                    pretrained, labelled(40, 0), labelled(30, 1), 10, steps=60, batch_size=16, learning_rate=0.03
                )
            )
            assert (random.getstate(), np.random.get_state()[1].tolist()) == state
    return pretrained, before, accuracies, losses


def test_the_encoder_learns_what_it_could_not_tell(tuned):
    """A linear layer on the ones' code is at chance; a tuned encoder separates the sides."""
    assert tuned[2] == [1.0, 1.0]


def test_the_encoder_itself_is_as_it_was(tuned):
    for new, old in zip(tuned[0].get_weights(), tuned[1], strict=True):
        np.testing.assert_array_equal(new, old)


def test_the_same_seed_gives_the_same_losses(tuned):
    """Dropout and order too, whatever the global seeds."""
    first, second = tuned[3]
    assert len(first) == 60
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "`steps` must be positive"),
        ({"batch_size": 0}, "`batch_size` must be positive"),
        ({"learning_rate": -1.0}, "`learning_rate` must be positive"),
        ({"labels_per_class": 21}, "must lie in 1 ... 20"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        analysis.fine_tuned_accuracy(encoder(), labelled(40, 0), labelled(4, 1), **arguments)


def test_one_class_is_refused():
    images, labels = labelled(8, 0)
    with pytest.raises(ValueError, match="`num_classes` must be at least 2"):
        analysis.fine_tuned_accuracy(encoder(), (images, 0 * labels), (images, labels))
