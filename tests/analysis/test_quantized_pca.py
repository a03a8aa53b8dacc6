"""Rounded principal components against Lloyd's levels of a Gaussian, and against the bits that they have."""

import numpy as np
import pytest

from keras_genssl.analysis import PCA, QuantizedPCA

# The smallest squared error of a standard normal number rounded to 1, 2, 4 and 8 levels (Max, 1960).
MAX = {0: 1.0, 1: 0.3634, 2: 0.1175, 3: 0.03454}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Gaussian images of four pixels with standard deviations 0.2, 0.09, 0.04 and 0.01 in rotated directions."""
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    values = rng.normal(size=(40_000, 4)) * [0.2, 0.09, 0.04, 0.01]
    return (values @ rotation.T).reshape(-1, 2, 2, 1).astype("float32")


@pytest.mark.parametrize(
    ("bits", "allocation"),  # variances are as 400, 81, 16 and 1, and each bit takes three quarters of one
    [(1, [1]), (2, [2]), (3, [2, 1]), (4, [3, 1]), (6, [3, 2, 1])],
)
def test_bits_go_where_the_error_is_largest_and_levels_are_the_best(images, bits: int, allocation: list[int]) -> None:
    pca = QuantizedPCA(bits).fit(images)
    assert pca.allocation.tolist() == allocation
    error = np.square(pca.reconstruct(images) - images).sum(axis=(1, 2, 3)).mean()
    given = [*allocation, *[0] * (4 - len(allocation))]
    variances = np.square([0.2, 0.09, 0.04, 0.01])
    assert error == pytest.approx(sum(v * MAX[b] for v, b in zip(variances, given, strict=True)), rel=0.03)


def test_a_code_has_no_more_values_than_its_bits_allow(images) -> None:
    pca = QuantizedPCA(6).fit(images)
    codes = pca.encode(images)
    assert len(np.unique(codes, axis=0)) <= 2**6
    assert codes.max(axis=0).tolist() == [7, 3, 1]
    np.testing.assert_array_equal(pca.encode(pca.decode(codes)), codes)


def test_with_many_bits_it_is_pca() -> None:
    images = np.random.default_rng(0).integers(256, size=(60, 3, 3, 1), dtype=np.uint8)
    fine = QuantizedPCA(80).fit(images)
    plain = PCA(len(fine.allocation)).fit(images)
    np.testing.assert_allclose(fine.reconstruct(images), plain.reconstruct(images), atol=0.02)


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"^`bits` must be at least 1\. Received: bits=0$"):
        QuantizedPCA(0)
    with pytest.raises(ValueError, match=r"^QuantizedPCA must be fitted first"):
        QuantizedPCA(3).encode(np.zeros((1, 2, 2, 1)))
