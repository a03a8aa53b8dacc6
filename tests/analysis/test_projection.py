import numpy as np
import pytest
from PIL import Image

from keras_genssl import analysis


def three_groups(size=30):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), size)
    return rng.normal(size=(3 * size, 10)) * 0.1 + 5.0 * np.eye(10)[labels], labels


def test_principal_axes_are_those_of_the_singular_values():
    codes = np.random.default_rng(0).normal(size=(50, 3, 2)) * np.arange(1, 7).reshape(3, 2)
    flat = codes.reshape(50, 6)
    u, s, _ = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(analysis.pca_projection(codes, 3)), np.abs(u * s)[:, :3], atol=1e-9)


def test_a_projection_of_few_codes_of_many_dimensions():
    codes = np.random.default_rng(0).normal(size=(4, 30))
    u, s, _ = np.linalg.svd(codes - codes.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(analysis.pca_projection(codes)), np.abs(u * s)[:, :2], atol=1e-9)


def test_tsne_keeps_neighbours_and_repeats_itself():
    codes, labels = three_groups()
    points, again = (analysis.tsne_projection(codes, perplexity=10, seed=3) for _ in range(2))
    nearest, _ = analysis.nearest_images(points, points, k=5, exclude=np.arange(len(points)))
    assert analysis.precision_at_k(nearest, labels, labels) == 1.0
    np.testing.assert_array_equal(points, again)


def test_the_plot_shows_each_group_in_its_colour(tmp_path):
    _, labels = three_groups()
    points = np.eye(3)[labels][:, :2]
    analysis.plot_projection(tmp_path / "plot.png", points, labels, names=["a", "b", "c"], title="groups")
    pixels = np.asarray(Image.open(tmp_path / "plot.png").convert("RGB")).reshape(-1, 3)
    for colour in ((31, 119, 180), (255, 127, 14), (44, 160, 44)):  # the first of matplotlib's tab10
        assert (np.abs(pixels.astype(int) - colour).max(axis=1) < 3).any()
    assert not (np.abs(pixels.astype(int) - (214, 39, 40)).max(axis=1) < 3).any()  # the fourth


def test_quantiles_halve_the_normal_distribution_evenly():
    from scipy.stats import norm

    np.testing.assert_allclose(norm.cdf(analysis.gaussian_quantiles(7)), (np.arange(7) + 0.5) / 7, atol=1e-12)


def test_the_manifold_shows_the_first_dimension_across_and_the_second_upwards():
    images = analysis.latent_manifold(lambda codes: codes.reshape(-1, 1, 2, 1), [1, 2, 3], [20, 10])
    assert images[:, 0, :, 0].tolist() == [[1, 20], [2, 20], [3, 20], [1, 10], [2, 10], [3, 10]]
    images = analysis.latent_manifold(lambda codes: codes.reshape(-1, 1, 2, 1))
    assert images.shape == (225, 1, 2, 1)
    np.testing.assert_allclose(images[0].ravel(), [-1.8339, 1.8339], atol=1e-4)  # the normal's quantile at 1 / 30


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: analysis.pca_projection(np.zeros((5, 3)), 4), "`num_dimensions` must lie in 1 ... 3"),
        (lambda path: analysis.pca_projection(np.zeros(5)), "`codes` must be"),
        (lambda path: analysis.tsne_projection(np.zeros((5, 3)), perplexity=5), "below the number of codes, 5"),
        (lambda path: analysis.plot_projection(path, np.zeros((5, 3)), np.zeros(5, int)), "must be \\(num, 2\\)"),
        (lambda path: analysis.plot_projection(path, np.zeros((5, 2)), np.zeros(5)), "must be integers .* float64"),
        (lambda path: analysis.plot_projection(path, np.zeros((2, 2)), np.array([0, 1]), ["a"]), "must name each"),
        (lambda path: analysis.gaussian_quantiles(0), "`num` must be at least 1"),
        (lambda path: analysis.latent_manifold(lambda codes: codes, np.zeros((2, 2))), "one-dimensional"),
    ],
)
def test_bad_arguments_are_refused(call, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        call(tmp_path / "plot.png")
