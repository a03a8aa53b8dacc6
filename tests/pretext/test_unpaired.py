import numpy as np
import pytest

from keras_genssl import data
from keras_genssl.pretext import Unpaired

SECOND = np.arange(7, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)


def test_draws_are_even_and_the_seeds_alone() -> None:
    pair = Unpaired(SECOND)
    image = np.zeros((2, 2, 1), np.uint8)
    drawn = np.array([pair({"image": image}, seed)["second"][0, 0, 0] for seed in range(7000)])
    # 1,000 of 7,000 for each: standard deviation 29.
    assert np.all(np.abs(np.bincount(drawn, minlength=7) - 1000) < 5 * 29)
    again = np.array([Unpaired(SECOND)({"image": image}, seed)["second"][0, 0, 0] for seed in range(50)])
    np.testing.assert_array_equal(again, drawn[:50])


def test_a_dataset_of_both_continues_where_it_was_left() -> None:
    first = np.arange(100, 120, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)

    def batches(position):
        dataset = data.load({"image": first}, batch_size=4, seed=9, transform=Unpaired(SECOND))
        dataset.order.position = position
        return [{name: value.numpy()[:, 0, 0, 0].tolist() for name, value in batch.items()} for batch in dataset]

    whole, rest = batches((1, 0)), batches((1, 3))
    assert rest == whole[3:]
    assert sorted(number for batch in whole for number in batch["first"]) == list(range(100, 120))
    assert batches((0, 0)) != whole


def test_a_dataset_tells_its_second_domain_by_content() -> None:
    first = {"image": np.zeros((4, 2, 2, 1), np.uint8)}
    config = lambda second: data.load(first, transform=Unpaired(second)).order.config  # noqa: E731
    assert config(SECOND) == config(SECOND.copy())
    assert config(SECOND) != config(SECOND + np.uint8(1))


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`second` must be a uint8 array .* dtype=float64"):
        Unpaired(SECOND / 255.0)
    with pytest.raises(ValueError, match=r"of at least one image.* shape=\(0, 2, 2, 1\)"):
        Unpaired(SECOND[:0])
