import keras
import numpy as np
import pytest
from keras import ops

from keras_genssl import analysis, regularizers

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(2, 3)).astype(np.float32)
POINTS = RNG.normal(size=(5, 2)).astype(np.float32)
CLASSES = np.array([0, 1, 2, 0, 1])
PIXELS = RNG.normal(size=(4, 5, 1)).astype(np.float32)  # what a linear classifier of images adds to class 1


def linear(points):
    return ops.matmul(points, WEIGHTS)


def of_pixels(images):
    """Logits 0 and the product with `PIXELS`; the gradient of the second is `PIXELS` everywhere."""
    value = ops.sum(images * PIXELS, axis=(1, 2, 3))
    return ops.stack([ops.zeros_like(value), value], axis=1)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_points_climb_the_gradient_of_their_own_log_probability():
    """Of log softmax(x W)[y] it is the class's column of W minus the mean of columns under the softmax."""
    found = analysis.ascend(linear, POINTS, CLASSES, steps=4, learning_rate=0.5)
    points, trace = POINTS.astype(np.float64), []
    for _ in range(4):
        shares = softmax(points @ WEIGHTS)
        trace.append(shares[np.arange(5), CLASSES])
        points = points + 0.5 * (WEIGHTS.T[CLASSES] - shares @ WEIGHTS.T)
    trace.append(softmax(points @ WEIGHTS)[np.arange(5), CLASSES])
    np.testing.assert_allclose(found.images, points, rtol=1e-5)
    np.testing.assert_allclose(found.probabilities, np.transpose(trace), rtol=1e-5)
    np.testing.assert_array_equal(found.images, found.codes)


def test_on_the_logit_the_steps_are_straight():
    found = analysis.ascend(
        linear, POINTS, CLASSES, steps=7, learning_rate=0.1, objective=analysis.class_logit, batch_size=2
    )
    np.testing.assert_allclose(found.images, POINTS + 0.7 * WEIGHTS.T[CLASSES], rtol=1e-5)


def test_decay_of_a_linear_logit_leads_to_its_closed_form():
    """With x <- x + r (w - 2 c (x - m)) the distance to m + w / (2 c) shrinks by 1 - 2 r c in each step."""
    centre, rate, weight = np.float32([0.5, -1.0]), 0.2, 0.75
    found = analysis.ascend(
        linear,
        POINTS,
        CLASSES,
        steps=6,
        learning_rate=rate,
        objective=analysis.class_logit,
        regularizers=[regularizers.L2Decay(weight, centre)],
    )
    limit = centre + WEIGHTS.T[CLASSES] / (2 * weight)
    np.testing.assert_allclose(found.images, limit + (1 - 2 * rate * weight) ** 6 * (POINTS - limit), rtol=1e-4)


def test_images_stay_in_range_and_uint8_are_scaled():
    start = RNG.integers(256, size=(3, 4, 5, 1), dtype=np.uint8)
    options = {"steps": 3, "learning_rate": 0.4, "objective": analysis.class_logit}
    found = analysis.ascend(of_pixels, start, [1, 1, 1], **options)
    expected = start / 127.5 - 1.0
    for _ in range(3):
        expected = np.clip(expected + 0.4 * PIXELS, -1.0, 1.0)
    np.testing.assert_allclose(found.images, expected, atol=1e-5)
    assert np.abs(found.images).max() == 1.0


def test_codes_climb_by_the_chain_rule_and_are_not_bounded():
    """Images tanh(z A): the gradient in z is A times what tanh lets through of the gradient in the image."""
    matrix = RNG.normal(size=(6, 20)).astype(np.float32)
    codes = RNG.normal(size=(3, 6)).astype(np.float32)
    found = analysis.ascend(
        of_pixels,
        codes,
        [1, 1, 1],
        steps=3,
        learning_rate=2.0,
        objective=analysis.class_logit,
        decode=lambda z: ops.reshape(ops.tanh(ops.matmul(z, matrix)), (-1, 4, 5, 1)),
        regularizers=[regularizers.L2Decay(0.5)],  # of the codes
    )
    expected = codes.astype(np.float64)
    for _ in range(3):
        images = np.tanh(expected @ matrix)
        expected = expected + 2.0 * ((PIXELS.ravel() * (1 - images**2)) @ matrix.T - expected)
    np.testing.assert_allclose(found.codes, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.images.reshape(3, -1), np.tanh(expected @ matrix), atol=1e-4)
    assert np.abs(found.codes).max() > 1.0


def test_steps_with_jitter_are_shifted_weights():
    found = analysis.ascend(
        of_pixels,
        np.zeros((2, 4, 5, 1), np.float32),
        [1, 1],
        steps=3,
        learning_rate=0.01,
        objective=analysis.class_logit,
        regularizers=[regularizers.Jitter(1), regularizers.Jitter(2)],
        batch_size=1,
        seed=5,
    )
    expected = np.zeros_like(PIXELS)
    for chances in np.random.default_rng(5).random((3, 4), dtype=np.float32):
        first, second = np.floor(chances[:2] * 3) - 1, np.floor(chances[2:] * 5) - 2
        shift = (first + second).astype(int)
        expected += 0.01 * np.roll(PIXELS, -shift, axis=(0, 1))
    np.testing.assert_allclose(found.images, [expected, expected], atol=1e-6)


def test_penalty_and_blur_of_a_step_on_pixels():
    """One step: subtract the signs of total variation, then blur."""
    start = RNG.uniform(-0.5, 0.5, (2, 4, 5, 1)).astype(np.float32)
    blur = regularizers.Blur(0.3, every=2)
    found = analysis.ascend(
        of_pixels,
        start,
        [1, 1],
        steps=2,
        learning_rate=0.01,
        objective=analysis.class_logit,
        regularizers=[regularizers.TotalVariation(0.2), blur],
    )
    images = start
    for step in range(2):
        signs = np.zeros_like(images)
        for axis in (1, 2):
            sign = np.sign(np.diff(images, axis=axis))
            before = [(0, 0)] * 4
            after = [(0, 0)] * 4
            before[axis], after[axis] = (1, 0), (0, 1)
            signs += np.pad(sign, before) - np.pad(sign, after)
        images = np.asarray(blur.changed(ops.array(images + 0.01 * (PIXELS - 0.2 * signs)), step))
    np.testing.assert_allclose(found.images, images, atol=1e-5)


def test_a_model_is_in_inference_mode_and_does_not_change():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dropout(0.9), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    )
    before = [value.copy() for value in model.get_weights()]
    first, second = (analysis.ascend(model, POINTS, CLASSES, steps=2) for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)
    kernel = model.layers[-1].kernel.numpy()
    shares = softmax(POINTS / np.sqrt(1.001) @ kernel)
    np.testing.assert_allclose(first.probabilities[:, 0], shares[np.arange(5), CLASSES], rtol=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class Own(regularizers.Regularizer):
    """A regularizer of a user's, by one function of its three."""

    def __init__(self, **functions):
        vars(self).update(functions)


@pytest.mark.parametrize("axis", [1, None])
def test_a_penalty_of_ones_own_may_be_a_number_for_each_point_or_a_scalar(axis):
    """Of a single point both sums are that of L2 decay."""

    def penalty(points, _):
        return 0.75 * ops.sum(points**2, axis=axis)

    options = {"steps": 3, "learning_rate": 0.05, "objective": analysis.class_logit}
    found = analysis.ascend(linear, POINTS[:1], CLASSES[:1], regularizers=[Own(penalty=penalty)], **options)
    decayed = analysis.ascend(linear, POINTS[:1], CLASSES[:1], regularizers=[regularizers.L2Decay(0.75)], **options)
    np.testing.assert_allclose(found.images, decayed.images, rtol=1e-5)


def network(*layers):
    return keras.Sequential([keras.Input((2,)), *layers])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "`steps` must be an integer of at least 1. Received: steps=0"),
        ({"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive and finite. Received: learning_rate=0.0"),
        ({"start": np.zeros((0, 2))}, r"`start` must be \(num, ...\), one at least"),
        ({"start": np.full((5, 2), np.inf)}, "`start` must hold finite floats.* NaN or infinity"),
        ({"start": np.zeros((5, 2), int)}, "`start` must hold finite floats.* int64"),
        ({"start": np.full((5, 4, 4, 1), 2.0)}, r"lie in \[-1, 1\].* `start`"),
        (
            {"classifier": network(keras.layers.Dense(3)), "start": np.zeros((5, 3))},
            r"the shape \(num, 2\) that `class",
        ),
        ({"decode": network(keras.layers.Dense(2)), "start": np.zeros((5, 3))}, r"the shape \(num, 2\) that `decode`"),
        ({"classes": [0, 1]}, r"`classes` must be integers in \[0, 3\).* shape \(2,\) for 5 examples"),
        ({"classes": [0, 1, 2, 3, 0]}, r"`classes` must be integers in \[0, 3\).* 3 among them"),
        (
            {"classifier": network(keras.layers.Dense(3, "softmax"))},
            "`classifier` must give logits: leave out its last",
        ),
        ({"classifier": lambda x: linear(x)[:, 0]}, r"`classifier` must give logits \(batch, num_classes\)"),
        ({"classifier": lambda x: linear(x)[:, :1]}, "of two classes at least"),
        ({"classifier": lambda x: linear(x) * np.inf}, "`classifier` must give finite logits"),
        (
            {"classifier": lambda x: np.asarray(x) @ WEIGHTS},
            "`classifier` must be made of Keras or TensorFlow.* ndarray",
        ),
        ({"decode": lambda x: np.asarray(x)}, "`decode` must be made of Keras or TensorFlow"),
        ({"objective": lambda logits, classes: logits}, r"`objective` must give a value.* shape \(5, 3\)"),
        (
            {"objective": lambda logits, classes: np.log(np.asarray(logits) ** 2).sum(axis=1)},
            "`objective` must be made of keras.ops.* Received: a function that gives ndarray",
        ),
        (
            {"objective": lambda logits, classes: ops.array(np.asarray(logits)[:, 0])},
            "`objective` must be made of keras.ops.* Received: a function that cannot be compiled: .*NumPy|numpy",
        ),
        (
            {"objective": lambda logits, classes: ops.array(logits.numpy()[:, 0])},
            "`objective` must be made of keras.ops.* Received: a function that cannot be compiled: .*numpy",
        ),
        ({"steps": True}, "`steps` must be an integer of at least 1. Received: steps=True"),
        ({"seed": True}, "`seed` must be an integer of at least 0. Received: seed=True"),
        ({"learning_rate": np.nan}, "`learning_rate` must be positive and finite. Received: learning_rate=nan"),
        (
            {"regularizers": regularizers.L2Decay(1.0)},
            "`regularizers` must be a list of regularizers. Received: .*L2Decay.*, which is no list",
        ),
        ({"regularizers": 3}, "`regularizers` must be a list of regularizers. Received: 3, which is no list"),
        (
            {"regularizers": [Own(penalty=lambda points, _: ops.sum(points, axis=1, keepdims=True))]},
            r"`Own.penalty` must return \(batch,\) or a scalar. Received: shape \(5, 1\) for a batch of 5",
        ),
        (
            {"regularizers": [Own(penalty=lambda points, _: np.asarray(points).sum(axis=1))]},
            "`Own.penalty` must be made of keras.ops.* gives ndarray",
        ),
        (
            {"regularizers": [Own(seen=lambda points, _: points[:1])]},
            r"`Own.seen` must return the shape that it is given. Received: shape \(1, 2\) for a batch of 5",
        ),
        (
            {"regularizers": [Own(changed=lambda points, _: points[..., None])]},
            r"`Own.changed` must return the shape that it is given. Received: shape \(5, 2, 1\) for a batch of 5",
        ),
        ({"regularizers": [0.5]}, "`regularizers` must hold objects.* 0.5 among them"),
        ({"regularizers": [regularizers.Jitter(1)]}, "`Jitter` is for images"),
    ],
)
def test_bad_arguments_are_refused_before_the_first_step(change, message):
    with pytest.raises(ValueError, match=message):
        analysis.ascend(**{"classifier": linear, "start": POINTS, "classes": CLASSES, **change})


def test_an_ascent_that_diverges_says_so():
    with pytest.raises(ValueError, match="`learning_rate` must be smaller"):
        analysis.ascend(
            lambda x: linear(x**3), POINTS, CLASSES, objective=analysis.class_logit, learning_rate=10.0, steps=50
        )
