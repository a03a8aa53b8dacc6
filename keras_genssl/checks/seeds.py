"""The seed of functions that draw new numbers at each call unless they are given one."""

import random

from keras_genssl.checks.numbers import whole


def given_or_new(seed: int | None) -> int:
    """Returns the seed that the user gave, or for None a new one, which follows `keras.utils.set_random_seed`.

    Raises:
        ValueError: If the seed is no integer of at least 0.

    Example:
        >>> import keras
        >>> keras.utils.set_random_seed(1)
        >>> first = given_or_new(None), given_or_new(None)
        >>> keras.utils.set_random_seed(1)
        >>> (given_or_new(None), given_or_new(None)) == first, first[0] == first[1], given_or_new(7)
        (True, False, 7)
    """
    return random.randrange(2**32) if seed is None else whole("seed", seed, 0)
