import tracemalloc

import numpy as np
import pytest

from keras_genssl.pretext import frame_motion, frame_order

# Frame t is t everywhere, but for a mark in its upper left corner that tells mirroring.
FILM = np.repeat(np.arange(0, 120, 4, dtype=np.uint8), 4 * 6).reshape(30, 4, 6, 1).copy()
FILM[:, 0, 0] = 255


def draw(seed, film=FILM, **arguments):
    return frame_order({"frames": film, "key": b"film"}, seed, **{"max_span": 8, "min_distance": 3, **arguments})


def test_tuples_are_as_the_paper_draws_them():
    counts = {"ordered": 0, "turned": 0, "mirrored": 0, "before": 0}
    for seed in range(2000):
        example = draw(seed)
        assert sorted(example) == ["frames", "ordered"]
        times = [int(frame[-1, 2, 0]) // 4 for frame in example["frames"]]
        turned = times[0] > times[2]
        first, middle, last = times[::-1] if turned else times
        assert 2 <= last - first <= 8
        if example["ordered"]:
            assert first < middle < last
        else:
            assert 3 <= first - middle <= 8 or 3 <= middle - last <= 8
            counts["before"] += middle < first
        marks = {bool(frame[0, 0, 0] == 255) for frame in example["frames"]}
        assert len(marks) == 1  # all three frames are mirrored, or none
        counts["ordered"] += int(example["ordered"])
        counts["turned"] += turned
        counts["mirrored"] += not marks.pop()
    # Binomial, 2000 draws: standard deviations 19.4 and 22.4.
    assert abs(counts["ordered"] - 500) < 5 * 19.4
    assert abs(counts["turned"] - 1000) < 5 * 22.4
    assert abs(counts["mirrored"] - 1000) < 5 * 22.4
    assert abs(counts["before"] - 750) < 150  # by symmetry half of those not in order


def test_pairs_are_drawn_in_proportion_to_motion():
    # Of four frames the steps are 10, 30 and 20 levels: pairs (0, 2), (1, 3) and (0, 3) move by 20, 25 and 20 a step.
    # With `min_distance` 1 only (0, 2) and (1, 3) have a frame outside.
    film = np.uint8([0, 10, 40, 60])[:, None, None, None] * np.ones((2, 2, 1), np.uint8)
    first = []
    for seed in range(3000):
        values = draw(seed, film, max_span=3, min_distance=1, negatives=0.0)["frames"][:, 0, 0, 0]
        first.append(int(values.min()))
    assert set(first) == {0, 10}
    # Standard deviation of a share of 20 in 45 of 3000: 0.0091.
    assert abs(first.count(0) / 3000 - 20 / 45) < 5 * 0.0091


def test_motion_that_the_example_brings_is_taken():
    film = np.uint8([0, 10, 40, 60])[:, None, None, None] * np.ones((2, 2, 1), np.uint8)
    assert frame_motion(film).tolist() == [10.0, 30.0, 20.0]
    settings = {"max_span": 3, "min_distance": 1, "negatives": 0.0}
    for seed in range(20):
        measured = frame_order({"frames": film}, seed, **settings)
        given = frame_order({"frames": film, "motion": [10, 30, 20]}, seed, **settings)
        np.testing.assert_array_equal(given["frames"], measured["frames"])
        last_alone = frame_order({"frames": film, "motion": [0, 0, 1]}, seed, **settings)["frames"][:, 0, 0, 0]
        assert sorted(last_alone.tolist()) == [10, 40, 60]  # nothing moves from 0 to 2
    for wrong in ([1.0, 2.0], [1.0, -1.0, 0.0], [1.0, np.nan, 0.0]):
        with pytest.raises(ValueError, match=r"\[\"motion\"\]` must be finite numbers of at least 0, .*\(3,\)"):
            frame_order({"frames": film, "motion": wrong}, 0, **settings)


def test_memory_grows_with_the_span_not_with_the_square_of_the_film():
    film = np.random.default_rng(0).integers(0, 256, (4000, 2, 2, 1), dtype=np.uint8)
    tracemalloc.start()
    frame_order({"frames": film}, 0, max_span=10, min_distance=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 4,000 x 9 pairs of 8 bytes are 288 KB an array; all pairs of frames would be 128 MB.
    assert peak < 20 * 288_000


def test_equal_frames_are_no_replacement():
    # The film returns: frame 4 looks like frame 2, which lies in the middle of (1, 3).
    film = np.uint8([0, 50, 100, 150, 100])[:, None, None, None] * np.ones((2, 2, 1), np.uint8)
    for seed in range(300):
        example = draw(seed, film, max_span=2, min_distance=1, negatives=1.0)
        values = example["frames"][:, 0, 0, 0].tolist()
        assert values not in ([50, 100, 150], [150, 100, 50])
    # A threshold above every difference: none is left.
    with pytest.raises(ValueError, match=r"must move: .* `least_difference`=200.*Received: 5 frames"):
        draw(0, film, max_span=2, min_distance=1, least_difference=200.0)


def test_one_crop_for_all_frames():
    rng = np.random.default_rng(0)
    film = (rng.integers(0, 100, (1, 6, 7, 3)) + 4 * np.arange(30)[:, None, None, None]).astype(np.uint8)
    for seed in range(20):
        frames = draw(seed, film, size=4)["frames"].astype(int)
        assert frames.shape == (3, 4, 4, 3)
        # The same place of frames that differ by a constant: so do the crops.
        assert np.ptp(frames[1] - frames[0]) == np.ptp(frames[2] - frames[0]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_span": 1}, "`max_span` must be an integer of at least 2. Received: max_span=1"),
        ({"min_distance": 0}, "`min_distance` must be an integer of at least 1. Received: min_distance=0"),
        ({"min_distance": 9}, "`min_distance` must be at most `max_span`. Received: min_distance=9, max_span=8"),
        ({"negatives": 1.5}, r"`negatives` must lie in \[0, 1\]. Received: negatives=1.5"),
        ({"least_difference": -1}, "`least_difference` must not be negative. Received: least_difference=-1"),
        ({"size": 5}, r"must be at least `size` = 5 pixels high and wide. Received: shape=\(30, 4, 6, 1\)"),
        ({"film": FILM[:5]}, "must hold at least 3 \\+ `min_distance` = 6 frames. Received: 5"),
        ({"film": FILM[0]}, r"must be a uint8 array \(num, height, width, channels\).*shape=\(4, 6, 1\)"),
        ({"film": FILM[:1].repeat(9, axis=0)}, "must move: .*Received: 9 frames"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(0, **arguments)
