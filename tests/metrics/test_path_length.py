import numpy as np
import pytest

from keras_genssl import metrics
from keras_genssl.metrics import perceptual_path_length

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(6, 9))


def linear(codes):
    assert codes.dtype == np.float32
    return codes.astype(np.float64) @ MATRIX


def same(images):
    return images


def trimmed(values):
    """Without what is below the first or above the last hundredth."""
    values = np.sort(values)
    count = len(values) - 1
    return values[int(np.floor(0.01 * count)) : int(np.ceil(0.99 * count)) + 1].mean()


def test_along_straight_lines_a_linear_generator_has_the_squared_length_of_what_it_makes_of_the_difference() -> None:
    first, second = RNG.normal(size=(2, 300, 6))
    expected = trimmed(np.square((second - first) @ MATRIX).sum(axis=1))
    found = perceptual_path_length(linear, same, first, second, spherical=False, seed=0, batch_size=70)
    assert found == pytest.approx(expected, rel=1e-2)  # of a difference of float32
    found = perceptual_path_length(linear, same, first, second, spherical=False, seed=0, epsilon=0.1)
    assert found == pytest.approx(expected, rel=1e-5)
    found = perceptual_path_length(linear, lambda images: 3.0 * images, first, second, spherical=False, epsilon=0.1)
    assert found == pytest.approx(9 * expected, rel=1e-5)


def test_along_great_circles_the_speed_is_the_angle_times_the_length() -> None:
    """Of the identity; codes of any length are scaled to √3, and an angle of 0 is no path."""
    first, angle = np.array([[5.0, 0.0, 0.0]] * 3), np.array([0.5, 0.5, 0.5])
    second = np.stack([0.1 * np.cos(angle), 0.1 * np.sin(angle), 0 * angle], axis=1)
    found = perceptual_path_length(same, same, first, second, spherical=True, seed=0)
    assert found == pytest.approx(3 * 0.25, rel=1e-2)
    assert perceptual_path_length(same, same, first, first, spherical=True) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"second": np.ones((1, 3))}, "`first` and `second` must be"),
        ({"epsilon": 0.0}, r"`epsilon` must lie in \(0, 1\]. Received: epsilon=0.0"),
        ({"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        (
            {"features": metrics.fashion_features()},
            "`features` must not round images to uint8.*Received: FashionFeatures",
        ),
    ],
)  # fmt: skip
def test_errors(arguments, message: str) -> None:
    given = {"generate": same, "features": same, "first": np.ones((2, 3)), "second": np.ones((2, 3))}
    with pytest.raises(ValueError, match=message):
        perceptual_path_length(**{**given, **arguments}, spherical=False)
