import numpy as np
import pytest

from keras_genssl import analysis
from tests.analysis.toys import decode, encode, image


def test_slerp_turns_evenly_and_keeps_the_norm():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 6, 50))
    first, second = (3.0 * codes / np.linalg.norm(codes, axis=1, keepdims=True) for codes in (first, second))
    t = np.linspace(0, 1, 9)
    way = analysis.slerp(first, second, t)
    np.testing.assert_allclose(np.linalg.norm(way, axis=-1), 3.0, rtol=1e-12)
    whole = np.arccos((first * second).sum(1) / 9.0)
    turned = np.arccos(np.clip((way * first[:, None]).sum(-1) / 9.0, -1, 1))
    np.testing.assert_allclose(turned, whole[:, None] * t, atol=1e-6)
    np.testing.assert_allclose(way[:, 0], first, atol=1e-12)
    np.testing.assert_allclose(way[:, -1], second, atol=1e-12)


def test_slerp_of_unequal_norms_is_the_papers_formula():
    first, second = np.array([[2.0, 0.0]]), np.array([[3.0, 3.0]])  # 45 degrees apart
    w = np.pi / 4
    expected = np.sin(0.75 * w) / np.sin(w) * first + np.sin(0.25 * w) / np.sin(w) * second
    np.testing.assert_allclose(analysis.slerp(first, second, [0.25])[:, 0], expected, rtol=1e-12)


def test_slerp_takes_all_axes_of_a_code_for_one_vector():
    first, second = np.random.default_rng(1).normal(size=(2, 3, 8))
    t = [0.3, 0.6]
    flat = analysis.slerp(first, second, t)
    folded = analysis.slerp(first.reshape(3, 2, 2, 2), second.reshape(3, 2, 2, 2), t)
    np.testing.assert_allclose(folded.reshape(3, 2, 8), flat, rtol=1e-12)


def test_slerp_of_parallel_and_of_zero_codes_goes_straight():
    first, second = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[3.0, 3.0], [2.0, 4.0]])
    np.testing.assert_allclose(analysis.slerp(first, second, [0.5])[:, 0], [[2.0, 2.0], [1.0, 2.0]])


def test_slerp_refuses_opposite_codes():
    with pytest.raises(ValueError, match="opposite"):
        analysis.slerp([[1.0, 2.0]], [[-2.0, -4.0]], [0.5])


def test_interpolate_decodes_the_codes_between():
    first = np.concatenate([image(-1, 0), image(0, 0)])
    second = np.concatenate([image(1, 0.5), image(0.4, -0.4)])
    rows = analysis.interpolate(encode, decode, first, second, num_steps=5, batch_size=3)
    for pair in range(2):
        for step, alpha in enumerate((0, 0.25, 0.5, 0.75, 1)):
            expected = (1 - alpha) * first[pair] + alpha * second[pair]
            np.testing.assert_allclose(rows[pair, step], expected, atol=1e-6)


def test_interpolate_takes_the_path_it_is_given():
    rows = analysis.interpolate(encode, decode, image(0.6, 0), image(0, 0.6), num_steps=3, path=analysis.slerp)
    np.testing.assert_allclose(rows[0, 1].ravel(), np.full(2, 0.6 / np.sqrt(2)), atol=1e-6)


def test_morph_passes_every_image_once():
    images = np.concatenate([image(0), image(0.8), image(-0.8)])
    film = analysis.morph(encode, decode, images, num_steps=4)
    np.testing.assert_allclose(film.ravel(), [0, 0.2, 0.4, 0.6, 0.8, 0.4, 0, -0.4, -0.8], atol=1e-6)
    loop = analysis.morph(encode, decode, images, num_steps=2, closed=True)
    np.testing.assert_allclose(loop.ravel(), [0, 0.4, 0.8, 0, -0.8, -0.4], atol=1e-6)


def test_the_grid_is_bilinear_between_its_corners():
    corners = np.concatenate([image(-1), image(0), image(0.5), image(1)])
    grid = analysis.interpolation_grid(encode, decode, corners, rows=3, columns=5).reshape(3, 5)
    for row, v in enumerate((0, 0.5, 1)):
        for column, u in enumerate((0, 0.25, 0.5, 0.75, 1)):
            expected = (1 - v) * ((1 - u) * -1 + u * 0) + v * ((1 - u) * 0.5 + u * 1)
            assert grid[row, column] == pytest.approx(expected, abs=1e-6)


def test_uint8_images_reach_the_encoder_in_minus_one_to_one():
    seen = []

    def spy(images):
        seen.append(images)
        return encode(images)

    analysis.morph(spy, decode, np.array([0, 255], np.uint8).reshape(2, 1, 1, 1), num_steps=1)
    assert seen[0].dtype == np.float32
    assert seen[0].ravel().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.interpolate(encode, decode, image(0), image(1), num_steps=1), "`num_steps` must be at least"),
        (lambda: analysis.interpolate(encode, decode, image(0), np.concatenate([image(1)] * 2)), "of one shape"),
        (lambda: analysis.interpolate(encode, decode, image(0), image(2)), "must lie in \\[-1, 1\\]"),
        (lambda: analysis.interpolate(encode, decode, image(0)[0], image(1)[0]), "`images` must be \\(num"),
        (lambda: analysis.morph(encode, decode, image(0)), "`images` must be at least 2"),
        (lambda: analysis.interpolation_grid(encode, decode, image(0)), "`corners` must be 4"),
        (lambda: analysis.encode_images(lambda images: images.sum(), image(0)), "must answer \\(batch"),
        (lambda: analysis.encode_images(encode, image(0), batch_size=0), "`batch_size` must be at least 1"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
