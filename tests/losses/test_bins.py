import keras
import numpy as np
import pytest

from keras_genssl import losses

RNG = np.random.default_rng(0)
BINS = np.array([[a, b] for a in (-10.0, 0.0, 10.0) for b in (-10.0, 0.0, 10.0)])
VALUES = RNG.uniform(-14, 14, (3, 2, 4, 2))
LOGITS = RNG.normal(size=(3, 2, 4, 9))
WEIGHTS = RNG.uniform(0.5, 2, 9)


def naive(values, logits, weights, sigma, neighbours):
    """Pixel by pixel."""
    results = []
    for image, scores in zip(values, logits, strict=True):
        pixels = []
        for value, score in zip(image.reshape(-1, 2), scores.reshape(-1, 9), strict=True):
            squares = [(value[0] - a) ** 2 + (value[1] - b) ** 2 for a, b in BINS]
            order = sorted(range(9), key=squares.__getitem__)
            z = [np.exp(-squares[q] / (2 * sigma**2)) if q in order[:neighbours] else 0.0 for q in range(9)]
            log_probability = score - np.log(np.exp(score).sum())
            cross_entropy = -sum(z[q] / sum(z) * log_probability[q] for q in range(9))
            pixels.append(weights[order[0]] * cross_entropy)
        results.append(np.mean(pixels))
    return results


@pytest.mark.parametrize(("sigma", "neighbours"), [(5.0, 5), (3.0, 2), (5.0, 1)])
def test_loss_is_the_naive_one(sigma, neighbours):
    loss = losses.BinCrossEntropy(BINS, WEIGHTS, sigma, neighbours)
    found = loss.call(keras.ops.convert_to_tensor(VALUES), keras.ops.convert_to_tensor(LOGITS))
    np.testing.assert_allclose(found, naive(VALUES, LOGITS, WEIGHTS, sigma, neighbours), rtol=1e-10)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    np.testing.assert_array_equal(again.call(VALUES, LOGITS), loss.call(VALUES, LOGITS))
    without = losses.BinCrossEntropy(BINS, None, sigma, neighbours).call(VALUES, LOGITS)
    np.testing.assert_allclose(without, naive(VALUES, LOGITS, np.ones(9), sigma, neighbours), rtol=1e-10)


def test_equally_near_bins_all_count():
    # (5, 5) has four corners; of three neighbours the fourth is as near as the third.
    z = np.asarray(losses.BinCrossEntropy(BINS, neighbours=3).encode(np.full((1, 1, 1, 2), 5.0)))[0, 0, 0]
    np.testing.assert_allclose(z, [0, 0, 0, 0, 0.25, 0.25, 0, 0.25, 0.25], atol=1e-12)


def test_weights_have_mean_one_under_their_frequencies():
    p = RNG.dirichlet(np.full(9, 0.3))
    weights = losses.rebalancing_weights(p, gamma=0.5)
    assert np.sum(p * weights) == pytest.approx(1, abs=1e-12)
    inverse = [1 / (0.5 * q + 0.5 / 9) for q in p]
    mean = sum(q * w for q, w in zip(p, inverse, strict=True))
    np.testing.assert_allclose(weights, [w / mean for w in inverse], rtol=1e-12)
    np.testing.assert_allclose(losses.rebalancing_weights(p, gamma=1.0), 1, rtol=1e-12)


def test_the_annealed_mean_lies_between_mode_and_mean():
    logits = np.array([0.0, 1.0, 0.2, 0.5, 3.0, 2.5, -1.0, 0.1, 0.9])
    probabilities = np.exp(logits) / np.exp(logits).sum()

    def annealed(temperature):
        return np.asarray(losses.annealed_mean(keras.ops.convert_to_tensor(logits), BINS, temperature))

    np.testing.assert_allclose(annealed(1.0), probabilities @ BINS, rtol=1e-10)
    np.testing.assert_allclose(annealed(1e-3), BINS[4], atol=1e-10)
    sharpened = probabilities ** (1 / 0.38)
    np.testing.assert_allclose(annealed(0.38), sharpened / sharpened.sum() @ BINS, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bins": [1.0, 2.0]}, r"`bins` must have shape \(num_bins, dim\). Received: shape=\(2,\)"),
        ({"weights": [1.0, 2.0]}, r"`weights` must hold 9 numbers, one for each bin.*shape=\(2,\)"),
        ({"weights": [-1.0] * 9}, "none negative.*the least -1.0"),
        ({"sigma": 0.0}, "`sigma` must be positive and finite. Received: sigma=0.0"),
        ({"neighbours": 10}, "`neighbours` must lie in 1 ... 9. Received: neighbours=10"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        losses.BinCrossEntropy(**{"bins": BINS, **arguments})


def test_frequencies_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"`frequencies` must .* sum to 1. Received: shape=\(2,\), sum=5.0000"):
        losses.rebalancing_weights([2.0, 3.0])
    with pytest.raises(ValueError, match=r"`gamma` must lie in \[0, 1\], above 0 where a frequency is 0.*gamma=0.0"):
        losses.rebalancing_weights([1.0, 0.0], gamma=0.0)
