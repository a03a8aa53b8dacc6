import numpy as np
import pytest

from keras_genssl import analysis
from tests.analysis.toys import decode, encode, image


def test_woman_plus_man_with_glasses_minus_man():
    """Pixels: sex, glasses, and something of the men that differs from one to another."""
    woman = image(-0.5, 0.0, 0.1)
    men_with_glasses = np.concatenate([image(0.5, 0.4, 0.2), image(0.5, 0.4, -0.2)])
    men = np.concatenate([image(0.5, 0.0, 0.3), image(0.5, 0.0, -0.3), image(0.5, 0.0, 0.0)])
    made = analysis.analogy(encode, decode, woman, men_with_glasses, men)
    np.testing.assert_allclose(made.ravel(), [-0.5, 0.4, 0.1], atol=1e-6)


def test_the_direction_is_the_difference_of_means():
    rng = np.random.default_rng(0)
    codes, has = rng.normal(size=(40, 3, 2)), rng.random(40) < 0.3
    naive = np.zeros((3, 2))
    for code, attribute in zip(codes, has, strict=True):
        naive += code / has.sum() if attribute else -code / (~has).sum()
    np.testing.assert_allclose(analysis.attribute_direction(codes, has), naive, atol=1e-12)


def test_the_classifiers_normal_leaves_out_what_only_comes_along():
    """Two Gaussians of one covariance: the best normal is, by Fisher, the covariance's inverse times the means' gap."""
    rng = np.random.default_rng(0)
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    gap = np.array([1.5, 1.2])  # inverse covariance times gap: (1.5, 0)
    has = np.arange(40000) % 2 == 1
    codes = rng.multivariate_normal(np.zeros(2), covariance, 40000) + has[:, None] * gap
    normal = analysis.classifier_direction(codes, has)
    np.testing.assert_allclose(normal, [1.5, 0.0], atol=0.05)
    np.testing.assert_allclose(analysis.attribute_direction(codes, has), gap, atol=0.05)


def test_the_classifiers_normal_is_of_the_shape_of_a_code():
    codes = np.zeros((4, 2, 1, 1))
    codes[:, 0, 0, 0] = [-1, -1, 1, 1]
    direction = analysis.classifier_direction(codes, [False, False, True, True])
    np.testing.assert_allclose(direction.ravel(), [2.0, 0.0], atol=1e-9)
    assert direction.shape == (2, 1, 1)


def test_strengths_are_added_along_the_direction():
    images = np.concatenate([image(0, 0), image(0.5, -0.5)])
    rows = analysis.add_attribute(encode, decode, images, np.array([2.0, -1.0]), strengths=(-1, 0, 2))
    expected = images[:, None] + np.array([-1, 0, 2]).reshape(1, 3, 1, 1, 1) * image(0.2, -0.1)[:, None]
    np.testing.assert_allclose(rows, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.attribute_direction([[1.0], [2.0]], [True, True]), "true of some codes and false"),
        (lambda: analysis.attribute_direction([[1.0], [2.0]], [True]), r"`has_attribute` must .* shape \(1,\) for 2"),
        (lambda: analysis.classifier_direction([[1.0], [2.0]], [True, False], 0.0), "must be positive"),
        (lambda: analysis.add_attribute(encode, decode, image(0, 0), np.zeros(3)), "`direction` must be of the shape"),
        (lambda: analysis.add_attribute(encode, decode, image(0, 0), np.zeros(2), ()), "must not be empty"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
