import numpy as np
import pytest

from keras_genssl.data import Order

MASK = 2**64 - 1


def splitmix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def python_hash(*words):
    state = 0
    for word in words:
        state = splitmix((state + 0x9E3779B97F4A7C15 + word) & MASK)
    return state


def test_hash_is_splitmix64():
    """First outputs of splitmix64 from state 0, as its authors' C code prints them."""
    assert python_hash(0) == 0xE220A8397B1DCDAF
    assert splitmix((2 * 0x9E3779B97F4A7C15) & MASK) == 0x6E789E6AA1B965F4


def test_epoch_sorts_by_the_documented_hash():
    order = Order(50, 8, seed=2**63 + 5)
    expected = sorted(range(50), key=lambda i: python_hash(2**63 + 5, 3, 1, i))
    assert order.epoch(3).tolist() == expected
    ids, seeds = order.batch(3, 2)
    assert ids.tolist() == expected[16:24]
    assert seeds.tolist() == [python_hash(2**63 + 5, 3, 2, i) >> 1 for i in expected[16:24]]


def test_golden_order():
    """Pins the order on disk and across versions: a change here breaks the resumption of old runs."""
    assert Order(8, seed=0).epoch(0).tolist() == GOLDEN


GOLDEN = [6, 0, 7, 3, 4, 2, 1, 5]


@pytest.mark.parametrize("drop", [True, False])
def test_batches_of_an_epoch_partition_the_examples(drop):
    order = Order(23, 5, seed=1, drop_remainder=drop)
    assert order.steps_per_epoch == (4 if drop else 5)
    ids = np.concatenate([order.batch(7, step)[0] for step in range(order.steps_per_epoch)])
    assert len(ids) == len(set(ids.tolist())) == (20 if drop else 23)


def test_orders_differ_by_epoch_and_seed_and_are_uniform():
    orders = np.array([Order(6, seed=s).epoch(e) for s in range(40) for e in range(40)])
    assert len({tuple(o) for o in orders.tolist()}) > 600  # of 720 permutations, 1600 draws
    places = np.array([[(orders[:, place] == i).sum() for i in range(6)] for place in range(6)])
    assert np.abs(places - 1600 / 6).max() < 5 * np.sqrt(1600 * 5 / 36)


def test_transform_seed_does_not_depend_on_the_batch():
    def seeds(order):
        pairs = [order.batch(2, step) for step in range(order.steps_per_epoch)]
        return {int(i): int(s) for ids, seeds in pairs for i, s in zip(ids, seeds, strict=True)}

    assert seeds(Order(12, 4, seed=9)) == seeds(Order(12, 3, seed=9)) == seeds(Order(12, seed=9))
    assert seeds(Order(12, 4, seed=9, shuffle=False)) == seeds(Order(12, 4, seed=9))
    assert len(set(seeds(Order(12, 4, seed=9)).values())) == 12


def test_position_normalises_and_finishes():
    order = Order(10, 3)
    order.position = (4, 3)
    assert order.position == (5, 0)
    order.position = (2, 1)
    epoch, step, ticket = order.start()
    assert (epoch, step) == (2, 1)
    order.finish(ticket)
    assert order.position == (3, 0)
    order.finish(ticket)  # a second iterator of the same epoch
    assert order.position == (3, 0)
    *_, stale = order.start()
    order.position = (0, 2)
    order.finish(stale)
    assert order.position == (0, 2)


def test_shuffle_false_is_ascending_in_every_epoch():
    assert Order(5, shuffle=False).epoch(3).tolist() == [0, 1, 2, 3, 4]


def test_identity_changes_the_config_and_no_order():
    one, other = Order(20, seed=3), Order(20, seed=3, identity={"source": "squares"})
    assert one.epoch(2).tolist() == other.epoch(2).tolist()
    assert other.config == {**one.config, "source": "squares"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_examples": 0}, "`num_examples` must be an integer of at least 1. Received: num_examples=0"),
        ({"num_examples": 3, "batch_size": 0}, "`batch_size` must be .* batch_size=0"),
        ({"num_examples": 3, "batch_size": 4}, "batch_size=4, with 3 examples"),
        ({"num_examples": 3, "seed": -1}, "`seed` must be .* seed=-1"),
        ({"num_examples": 3, "seed": 2**64}, "`seed` must be below"),
        ({"num_examples": 3, "seed": 1.5}, "seed=1.5"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        Order(**arguments)


@pytest.mark.parametrize("position", [(-1, 0), (0, -1), (0, 4)])
def test_position_must_exist(position):
    with pytest.raises(ValueError, match="`position` must be"):
        Order(10, 3).position = position
