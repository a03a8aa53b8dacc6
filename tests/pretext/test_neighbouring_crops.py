import collections
import itertools

import numpy as np
import pytest

from keras_genssl.pretext import neighbouring_crops

HEIGHT, WIDTH, SIZE, LEAST, MOST = 4, 5, 2, 2, 2
IMAGE = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH, 1)  # a square is known by its first pixel
PLACES = list(itertools.product(range(HEIGHT - SIZE + 1), range(WIDTH - SIZE + 1)))


def square(top, left):
    return IMAGE[top : top + SIZE, left : left + SIZE]


def drawn(seed, **changes):
    settings = {"size": SIZE, "min_distance": LEAST, "max_distance": MOST, **changes}
    return neighbouring_crops({"image": IMAGE}, seed, **settings)


def places(pair):
    return tuple(divmod(int(pair[name][0, 0, 0]), WIDTH) for name in ("first", "second"))


def test_all_pairs_at_the_distance_are_equally_likely_and_no_other():
    def distance(one, other):
        return max(abs(one[0] - other[0]), abs(one[1] - other[1]))

    allowed = {pair for pair in itertools.product(PLACES, PLACES) if LEAST <= distance(*pair) <= MOST}
    draws = 60 * len(allowed)
    found = collections.Counter(places(drawn(seed)) for seed in range(draws))
    assert set(found) == allowed
    # Chi squared of a fair draw: as large as its degrees of freedom, deviation the root of twice that.
    spread = sum((number - 60) ** 2 / 60 for number in found.values())
    assert abs(spread - (len(allowed) - 1)) < 4 * np.sqrt(2 * (len(allowed) - 1))


def test_crops_are_parts_of_the_image_and_do_not_overlap_from_their_size_on():
    for seed in range(50):
        pair = drawn(seed, max_distance=9)
        for name, place in zip(("first", "second"), places(pair), strict=True):
            np.testing.assert_array_equal(pair[name], square(*place))
        assert not set(pair["first"].ravel()) & set(pair["second"].ravel())
    np.testing.assert_array_equal(drawn(7)["first"], drawn(7)["first"])


def test_at_no_distance_both_are_the_same():
    pair = drawn(0, min_distance=0, max_distance=0)
    np.testing.assert_array_equal(pair["first"], pair["second"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 0}, "`size` must be an integer of at least 1. Received: size=0"),
        ({"min_distance": -1}, "`min_distance` must be an integer of at least 0. Received: min_distance=-1"),
        ({"max_distance": 1}, "`max_distance` must be an integer of at least `min_distance`=2. Received: max_dist"),
        ({"size": 5}, "at least `size` = 5 pixels a side, and `size . min_distance` = 7 the longer one. .* height=4"),
        (
            {"min_distance": 4, "max_distance": 4},
            "`size . min_distance` = 6 the longer one. Received: height=4, width=5",
        ),
    ],
)
def test_bad_arguments_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        drawn(0, **changes)
