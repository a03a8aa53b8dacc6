import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import callbacks, data
from tests.data.prepared import super_resolution, write_prepared


def numbered(count, start=0, **more):
    """Example i is an image of the value start + i."""
    image = (start + np.arange(count, dtype=np.uint8)).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)
    return {"image": image, **more}


def values(dataset):
    return [
        {name: np.reshape(field, [-1, np.prod(field.shape[1:], dtype=int)])[:, 0].tolist() for name, field in b.items()}
        for b in dataset.as_numpy_iterator()
    ]


def loop(sizes, seed, epoch):
    """The definition, by a loop: each set from its own orders, one after the other, to the length of the largest."""
    columns = []
    for position, size in enumerate(sizes):
        own = data.Order(size, seed=data.UnalignedOrder(sizes, seed=seed).orders[position].seed)
        passes = -(-max(sizes) // size)
        column = [number for p in range(passes) for number in own.epoch(epoch * passes + p)]
        columns.append(column[: max(sizes)])
    return columns


def unaligned(batch_size=3, **options):
    first, second = data.load(numbered(4)), data.load(numbered(11, 100))
    return data.join({"first": first, "second": second}, batch_size, aligned=False, **options)


def test_unaligned_sets_go_through_their_own_orders_and_the_smaller_starts_over():
    dataset = unaligned(seed=5)
    assert len(dataset) == dataset.order.steps_per_epoch == 3
    for epoch in range(3):
        assert dataset.order.position == (epoch, 0)
        first, second = loop([4, 11], 5, epoch)
        assert [first[:4], first[4:8]] != [sorted(first[:4])] * 2
        assert sorted(first[:4]) == sorted(first[4:8]) == [0, 1, 2, 3]
        assert values(dataset) == [
            {"first": first[i : i + 3], "second": [100 + n for n in second[i : i + 3]]} for i in (0, 3, 6)
        ]


def test_unaligned_sets_of_one_size_meet_by_chance():
    order = data.UnalignedOrder([1000, 1000], seed=0)
    first, second = order.epoch(0).T
    assert sorted(first) == sorted(second) == list(range(1000))
    assert (first == second).sum() < 8  # 1 is expected of two random orders


def test_seeds_of_transforms_are_those_of_each_pass():
    order = data.UnalignedOrder([2, 5], batch_size=5, seed=3)
    ids, seeds = order.batch(1, 0)
    small = order.orders[0]
    for place, (number, seed) in enumerate(zip(ids[:, 0], seeds[:, 0], strict=True)):
        of_pass = dict(zip(*small.batch(3 + place // 2, 0), strict=True)) | dict(
            zip(*small.batch(3 + place // 2, 1), strict=True)
        )
        assert of_pass[number] == seed
    assert seeds[:, 1].tolist() == [s for step in range(5) for s in order.orders[1].batch(1, step)[1].tolist()]


@pytest.mark.parametrize("aligned", [True, False])
def test_a_join_continues_inside_an_epoch(aligned):
    first = data.load(numbered(11), transform=lambda e, seed: {"image": e["image"], "seed": np.int64(seed)})

    def make():
        joined = {"first": first, "second": data.load(numbered(11 if aligned else 4, 100))}
        return data.join(joined, 2, aligned=aligned, seed=9)

    whole = make()
    epochs = [values(whole) for _ in range(2)]
    again = make()
    again.order.position = (1, 2)
    assert values(again) == epochs[1][2:]
    assert again.order.position == (2, 0)
    assert again.order.config == whole.order.config


def test_aligned_sets_share_the_order_of_load_and_the_seeds():
    seen = lambda example, seed: {"image": example["image"], "seed": np.int64(seed)}  # noqa: E731
    first, second = data.load(numbered(7), transform=seen), data.load(numbered(7, 100), transform=seen)
    joined = data.join({"first": first, "second": second}, 3, aligned=True, seed=4)
    alone = data.load(numbered(7), "train", 3, seed=4, transform=seen)
    for batch, own in zip(values(joined), values(alone), strict=True):
        assert batch["first"] == own["image"]
        assert batch["second"] == [100 + number for number in own["image"]]
        assert batch["first_seed"] == batch["second_seed"] == own["seed"]


def test_a_name_holds_the_image_or_the_only_field():
    labelled = data.load(numbered(4, label=np.arange(4)))
    vectors = data.load({"vector": np.ones((4, 5), np.float32)})
    joined = data.join({"a": labelled, "b": vectors}, 2, aligned=True, shuffle=False, drop_remainder=False)
    assert joined.element_spec == {
        "a": tf.TensorSpec((None, 2, 2, 3), tf.uint8),
        "a_label": tf.TensorSpec((None,), tf.int64),
        "b": tf.TensorSpec((None, 5), tf.float32),
    }
    assert [batch["a_label"] for batch in values(joined)] == [[0, 1], [2, 3]]
    two = data.load({"low": np.ones((4, 2)), "high": np.ones((4, 2))})
    with pytest.raises(ValueError, match=r"or one field\. Received: c with the fields \['high', 'low'\]"):
        data.join({"a": labelled, "c": two}, aligned=True)
    with pytest.raises(ValueError, match=r"must not meet\. Received: a_label twice"):
        data.join({"a": labelled, "a_label": vectors}, aligned=True)


@pytest.fixture
def folders(tmp_path):
    """Photographs 0 ... 4 of both domains, under one name; a file of the first and one of the second are none."""
    for name, extension in (("a", "png"), ("b", "jpg")):
        for number in range(5):
            path = tmp_path / name / f"x{number % 2}" / f"{number}.{extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((2, 2, 3), 20 * number, np.uint8)).save(path)
    return tmp_path


def load(folder, **options):
    return data.load(folder, features=["image"], **options)


def test_aligned_by_name(folders):
    Image.fromarray(np.full((2, 2, 3), 99, np.uint8)).save(folders / "b" / "x0" / "00.png")
    pair = {"first": load(folders / "a"), "second": load(folders / "b")}
    with pytest.raises(ValueError, match=r"must have equally many .* Received: first with 5, second with 6"):
        data.join(pair, aligned=True)
    with pytest.raises(ValueError, match=r"a partner of its name .* Received: 'x0/00' of second without one"):
        data.join(pair, aligned="name")
    (folders / "b" / "x0" / "00.png").unlink()
    joined = data.join({"first": load(folders / "a"), "second": load(folders / "b")}, 5, aligned="name")
    (batch,) = values(joined)
    assert batch["first"] == batch["second"] == [[0, 40, 80, 20, 60][i] for i in joined.order.batch(0, 0)[0]]
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(folders / "a" / "x0" / "0.jpg")
    with pytest.raises(ValueError, match=r"may have one name .* Received: first with 'x0/0' twice"):
        data.join({"first": load(folders / "a"), "second": load(folders / "b")}, aligned="name")
    with pytest.raises(ValueError, match=r"others have no names\. Received: second, ArraySource"):
        data.join({"first": load(folders / "b"), "second": data.load(numbered(5))}, aligned="name")


def test_prepared_records_are_aligned_by_their_names(tmp_path):
    examples, features = super_resolution(5)
    first = data.load(write_prepared(tmp_path / "a", {"train": examples}, features), features=["low"])
    second = data.load(write_prepared(tmp_path / "b", {"train": examples[::-1]}, features), features=["low"])
    (batch,) = values(data.join({"first": first, "second": second}, 5, aligned="name", shuffle=False))
    assert batch["first"] == batch["second"] == [0, 1, 2, 3, 4]


def test_what_cannot_be_read_takes_its_partner_along(folders):
    (folders / "a" / "x0" / "2.png").write_text("no image")
    (folders / "b" / "x1" / "3.jpg").write_text("no image")
    pair = lambda **options: {"first": load(folders / "a", **options), "second": load(folders / "b", **options)}  # noqa: E731
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot decode the image .*a/x0/2\.png"):
        values(data.join(pair(), 1, aligned=True, shuffle=False))
    joined = data.join(pair(on_error="skip"), 5, aligned=True, shuffle=False)
    assert values(joined) == [{"first": [0, 80, 80, 20, 0], "second": [0, 80, 80, 20, 0]}]
    assert {number: why.split(":")[0] for number, why in joined.skipped.items()} == {
        1: f"Cannot decode the image {folders}/a/x0/2.png",
        4: f"Cannot decode the image {folders}/b/x1/3.jpg",
    }
    apart = data.join(pair(on_error="skip"), 5, aligned=False, shuffle=False)
    assert values(apart) == [{"first": [0, 80, 80, 20, 60], "second": [0, 40, 80, 20, 0]}]
    assert {name: list(skipped) for name, skipped in apart.skipped.items()} == {"first": [1], "second": [4]}
    with pytest.raises(ValueError, match=r"the same `on_error`\. Received: first with raise, second with skip"):
        data.join({"first": load(folders / "a"), "second": load(folders / "b", on_error="skip")}, aligned=True)
    (folders / "b" / "x0" / "0.jpg").unlink()
    with pytest.warns(UserWarning, match=r"Left out .* name: 'x0/0' of first\."):
        left = data.join(pair(on_error="skip"), 4, aligned="name", shuffle=False)
    assert values(left) == [{"first": [80, 80, 20, 80], "second": [80, 80, 20, 80]}]


def test_transforms_refuse_by_the_names_of_both(folders):
    def refuse(example, seed):
        if example["image"].max() == 40:
            raise ValueError("`image` must not be 40")
        return example

    joined = data.join({"first": load(folders / "a", transform=refuse), "second": load(folders / "b")}, aligned=True)
    title = rf"\(first: the image {folders}/a/x0/2\.png, second: the image {folders}/b/x0/2\.jpg\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"Cannot transform {title}: `image` must not be 40"):
        list(joined)
    wide = lambda example, seed: {"image": np.zeros((1 + seed % 3, 1, 3), np.uint8)}  # noqa: E731
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"equal shapes: `first/image` of the first is"):
        list(data.join({"first": load(folders / "a", transform=wide), "second": load(folders / "b")}, 2, aligned=True))


def test_the_order_tells_what_is_joined(folders):
    def config(seed=0, **names):
        datasets = {name: load(folders / folder) for name, folder in names.items()}
        return data.join(datasets, aligned=False, seed=seed).order.config

    assert config(first="a", second="b")["datasets"]["second"] == {
        "source": load(folders / "b").order.config["source"],
        "split": "train",
        "features": ["image"],
        "transform": None,
    }
    assert config(first="a", second="b") == config(first="a", second="b")
    assert config(first="a", second="b") != config(first="b", second="a")
    assert config(first="a", second="b") != config(seed=1, first="a", second="b")
    assert callbacks.Resume(folders / "state", unaligned()).history == []


def test_map_keeps_the_order_and_the_length():
    dataset = data.load(numbered(7, label=np.arange(7)), batch_size=2, seed=3)
    labels = [batch["label"] for batch in values(dataset)]
    dataset.order.position = (0, 0)
    mapped = dataset.map(lambda batch: (tf.cast(batch["image"], tf.float32) / 2, batch["label"]), 2)
    again = mapped.map(lambda image, label: {"image": image + 1, "label": label})
    assert (len(again), again.order is dataset.order, again.skipped is dataset.skipped) == (3, True, True)
    assert again.element_spec["image"] == tf.TensorSpec((2, 2, 2, 3), tf.float32)
    found = values(again)
    assert [batch["label"] for batch in found] == labels
    assert [batch["image"] for batch in found] == [[number / 2 + 1 for number in batch] for batch in labels]
    assert again.order.position == (1, 0)
    again.order.position = (0, 1)
    assert values(again) == found[1:]
    assert callbacks.Resume("states", again)._order is dataset.order
    joined = unaligned().map(lambda batch: {"first": batch["second"]})
    assert (len(joined), list(joined.element_spec)) == (3, ["first"])
    with pytest.raises(ValueError, match=r"`deterministic` must be True or None"):
        dataset.map(lambda batch: batch, 2, deterministic=False)


@pytest.mark.parametrize(
    ("datasets", "options", "message"),
    [
        (lambda plain: {"first": plain}, {}, "`datasets` must be a dict of two datasets at least"),
        (lambda plain: {"a": plain, "b": tf.data.Dataset.range(3)}, {}, "what `data.load` returned.* Received: b="),
        (lambda plain: {"a": plain, "b": plain.map(lambda x: x)}, {}, "not mapped. Received: b="),
        (
            lambda plain: {"a": plain, "b": data.load(numbered(3), batch_size=2, seed=4)},
            {},
            "give it to `data.join`. Received: b with batch_size=2, seed=4",
        ),
        (lambda plain: {"a": plain, "b": data.load(numbered(3), index=True)}, {}, "without `balance` and `index`"),
        (lambda plain: {"a": plain, "b": plain}, {"aligned": "key"}, "`aligned` must be .* Received: aligned='key'"),
        (lambda plain: {"a": plain, "b": plain}, {"batch_size": 4}, "Received: batch_size=4, with 3 examples"),
    ],
)
def test_errors_name_the_argument(datasets, options, message):
    with pytest.raises(ValueError, match=message):
        data.join(datasets(data.load(numbered(3))), **{"aligned": False, **options})
