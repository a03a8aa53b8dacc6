import numpy as np
import pytest

from keras_genssl import pretext
from keras_genssl.pretext.jigsaw import FILE, least_distance, spread_groups


def distances(permutations):
    """All pairs, one by one."""
    return {
        int((permutations[first] != permutations[second]).sum())
        for first in range(len(permutations))
        for second in range(first)
    }


def as_set(permutations):
    return {tuple(int(point) for point in row) for row in permutations}


def affine_of_nine():
    """x -> m x + b over GF(9) = GF(3)[i] / (i^2 + 1), m not 0, an element a + b i being the integer a + 3 b."""

    def add(x, y):
        return (x % 3 + y % 3) % 3 + 3 * ((x // 3 + y // 3) % 3)

    def times(x, y):
        (a, b), (c, d) = (x % 3, x // 3), (y % 3, y // 3)
        return (a * c - b * d) % 3 + 3 * ((a * d + b * c) % 3)

    return {tuple(add(times(m, x), b) for x in range(9)) for m in range(1, 9) for b in range(9)}


def moebius_of_eight(powers):
    """x -> (a y + b) / (c y + d), y a power of x, on GF(8) and infinity (8)."""

    def times(x, y):
        product = 0
        for digit in range(3):
            product ^= (x << digit) * (y >> digit & 1)
        for digit in (4, 3):
            product ^= (0b1011 << digit - 3) * (product >> digit & 1)
        return product

    inverse = {x: y for x in range(1, 8) for y in range(1, 8) if times(x, y) == 1}

    def image(a, b, c, d, x, power):
        if x == 8:
            top, bottom = a, c
        else:
            y = x
            for _ in range(power):
                y = times(y, y)
            top, bottom = times(a, y) ^ b, times(c, y) ^ d
        return times(top, inverse[bottom]) if bottom else 8

    matrices = [(a, b, c, d) for a in range(8) for b in range(8) for c in range(8) for d in range(8)]
    matrices = [m for m in matrices if times(m[0], m[3]) ^ times(m[1], m[2]) and next(filter(None, m)) == 1]
    return {tuple(image(*m, x, power) for x in range(9)) for m in matrices for power in powers}


def test_the_groups_are_those_of_the_fields():
    groups = spread_groups(9)
    assert as_set(groups[8]) == affine_of_nine()
    assert as_set(groups[7]) == moebius_of_eight([0])
    assert as_set(groups[6]) == moebius_of_eight([0, 1, 2])
    assert [len(group) for group in groups.values()] == [72, 504, 1512]
    assert [len(as_set(group)) for group in spread_groups(4).values()] == [4, 12, 24]


def test_the_file_is_what_the_generator_makes():
    with np.load(FILE) as shipped:
        made = {f"{patches}_{d}": group for patches in (4, 9) for d, group in spread_groups(patches).items()}
        assert set(shipped) == set(made)
        for name, group in made.items():
            np.testing.assert_array_equal(shipped[name], group)


@pytest.mark.parametrize(("count", "patches", "least"), [(64, 9, 8), (72, 9, 8), (100, 9, 7), (24, 4, 2), (12, 4, 3)])
def test_any_two_differ_in_many_places(count, patches, least):
    permutations = pretext.permutation_set(count, patches)
    assert permutations.shape == (count, patches)
    np.testing.assert_array_equal(np.sort(permutations, axis=1), np.tile(np.arange(patches), (count, 1)))
    assert min(distances(permutations)) == least_distance(permutations) == least


def test_a_thousand_differ_in_six_places():
    """A row against all rows, as a naive loop over half a million pairs takes seconds."""
    permutations = pretext.permutation_set(1000)
    same = sum((permutations[:, None, place] == permutations[None, :, place]).astype(int) for place in range(9))
    assert np.sort(same, axis=1)[:, -2].max() == 9 - 6  # the last is the row itself


def test_a_patch_is_everywhere_about_as_often():
    """Among 1000 a patch is 111 times in each place; the first thousand of the sorted group would have 168 or none."""
    counts = [np.bincount(column, minlength=9) for column in pretext.permutation_set(1000).T]
    assert np.min(counts) > 95
    assert np.max(counts) < 127


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1513,), "`count` must be an integer from 2 to 1512 for 9 patches. Received: count=1513"),
        ((25, 4), "from 2 to 24 for 4 patches. Received: count=25"),
        ((1,), "Received: count=1$"),
        ((True,), "Received: count=True"),
        ((2, 16), r"`num_patches` must be one of \[4, 9\]. Received: num_patches=16"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        pretext.permutation_set(*arguments)


def test_the_shipped_set_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        pretext.permutation_set(4)[0, 0] = 3
