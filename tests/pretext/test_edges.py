import numpy as np
import pytest

from keras_genssl.pretext import edge_drawing


def square(level: int) -> np.ndarray:
    """A square of 4 pixels a side in the middle of 10 black ones."""
    image = np.zeros((10, 10, 1), np.uint8)
    image[3:7, 3:7] = level
    return image


def ring() -> np.ndarray:
    """Where the gradient of the square of 200 is at least 48, by hand.

    Along a side: 200 * 4 / 8 = 100. Outside a corner both Sobel sums have one weight of 1, hypot(25, 25) = 35, not an
    edge; beside that the weights 1 + 2 give hypot(75, 25) = 79, and inside the corner 3 and 3 give hypot(75, 75) = 106.
    """
    expected = np.zeros((10, 10), np.uint8)
    expected[2:8, 2:8] = 255
    expected[4:6, 4:6] = 0  # the inner 2 x 2 pixels see nothing but the square
    for row in (2, 7):
        for column in (2, 7):
            expected[row, column] = 0
    return expected


def test_the_outline_of_a_square() -> None:
    np.testing.assert_array_equal(edge_drawing(square(200), thickness=1)[..., 0], ring())


def test_the_threshold_is_in_levels_a_pixel() -> None:
    corners = edge_drawing(square(200), thickness=1, threshold=35)[..., 0]
    assert corners[2, 2] == 255  # 200 * hypot(1, 1) / 8 = 35.36
    assert edge_drawing(square(200), thickness=1, threshold=35.5)[2, 2, 0] == 0
    ramp = np.tile(np.arange(0, 250, 10, dtype=np.uint8)[None, :, None], (3, 1, 1))  # 10 levels a pixel
    assert np.all(edge_drawing(ramp, thickness=1, threshold=10)[:, 1:-1] == 255)
    assert np.all(edge_drawing(ramp, thickness=1, threshold=10.01) == 0)


@pytest.mark.parametrize(("thickness", "before", "after"), [(2, 0, 1), (3, 1, 1), (4, 1, 2)])
def test_a_thick_line_is_a_square_for_each_pixel_of_the_thin_one(thickness, before, after) -> None:
    thin, expected = ring(), np.zeros((10, 10), np.uint8)
    for row, column in zip(*np.nonzero(thin), strict=True):
        expected[max(row - before, 0) : row + after + 1, max(column - before, 0) : column + after + 1] = 255
    np.testing.assert_array_equal(edge_drawing(square(200), thickness)[..., 0], expected)


def test_colours_are_drawn_by_their_luma() -> None:
    # 0.114 * 255 = 29 levels of luma: a step of blue has gradient 14.5, half its height.
    blue = np.zeros((5, 6, 3), np.uint8)
    blue[:, 3:, 2] = 255
    drawing = edge_drawing(blue, thickness=1, threshold=14.5)
    np.testing.assert_array_equal(drawing[2], np.repeat([[0], [0], [255], [255], [0], [0]], 3, axis=1))
    assert not edge_drawing(blue, thickness=1, threshold=14.6).any()


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`thickness` must be an integer of at least 1\. Received: thickness=0"):
        edge_drawing(square(9), thickness=0)
    with pytest.raises(ValueError, match=r"`threshold` must be positive\. Received: threshold=0"):
        edge_drawing(square(9), threshold=0)
    with pytest.raises(ValueError, match="`image` must be a uint8 array"):
        edge_drawing(square(9).astype("float32"))
