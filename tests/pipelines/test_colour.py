"""Preparations and recipes of colorization, split brains and order verification."""

import functools

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genssl import data as reading
from keras_genssl import pretext
from pipelines.beam.shards import hash64
from pipelines.console import Console
from pipelines.data import examples_picture
from pipelines.data.example_gen.dataset import dataset_example_gen
from pipelines.data.preparations.camera_tuples import CameraTuples
from pipelines.data.preparations.coloured_crops import ColouredCrops
from pipelines.data.preparations.images import Images
from pipelines.data.prepare import prepare
from pipelines.errors import UserError
from pipelines.recipe.method import DatasetInfo
from pipelines.run import loading as recipe
from pipelines.run import reporting
from pipelines.tasks.representation import data
from pipelines.training import publish, trainer, weights

SQUARE = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "parameters", "made"),
    [
        (ColouredCrops, {}, lambda image, seed: pretext.coloured_crop(image, seed, 12)),
        (
            CameraTuples,
            {"num_frames": 9, "max_span": 4, "min_distance": 2, "negatives": 0.5},
            lambda image, seed: pretext.camera_tuple(image, seed, 9, 12, 4, 2, 0.5),
        ),
    ],
)
def test_preparations_are_the_pure_functions(kind, parameters, made):
    preparation = kind(size=20, crop=12, copies=3, seed=2, **parameters)
    found = list(preparation.examples(SQUARE, "key", "train", 1))
    assert len(found) == 3
    for copy, example in enumerate(found):
        expected = made({"image": SQUARE}, hash64(f"key-{copy}", "pretext-2"))
        assert set(example) == set(expected) == set(preparation.features)
        for feature, value in expected.items():
            np.testing.assert_array_equal(example[feature], value)


@pytest.mark.parametrize(
    ("preparation", "message"),
    [
        (ColouredCrops(crop=65), "`crop` must be at most `size`. Received: crop=65, size=64"),
        (CameraTuples(num_frames=4), r"`num_frames` must hold at least 3 \+ `min_distance` = 7 frames. Received: 4"),
    ],
)
def test_fields_that_do_not_go_together_are_refused_before_any_image(preparation, message):
    with pytest.raises(ValueError, match=message):
        preparation.check()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prepare.preparation=camera_tuples", "must be images or coloured_crops for Colorization. Received: camera"),
        ("prepare.channels=1", "`prepare.channels` must be 3"),
        ("model.rebalancing=0.0", "`model.rebalancing` must be greater than 0. Received: 0.0"),
        ("model.encoder.network=resnet18", "`encoder.network` must be small for Colorization"),
    ],
)
def test_faults_name_key_and_rule(change, message):
    with pytest.raises(UserError) as error:
        recipe.load("photographs/colorization", [change])
    assert message in str(error.value)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("colour")


@pytest.fixture(scope="module")
def examples(home):
    """Ten patches, of three photographs."""
    patch = pytest.MonkeyPatch()
    few = {"image": np.random.default_rng(1).integers(0, 256, (10, 64, 64, 3), np.uint8), "label": np.arange(10) % 3}
    patch.setattr("keras_genssl.data.sources.embedded_patches", lambda split: few)
    made = dataset_example_gen("embedded_patches", home / "examples", {"train": "train", "eval": "test"})
    patch.undo()
    return made


@pytest.mark.parametrize(
    ("name", "fields", "dim"),
    [
        ("colorization", {"image"}, 8),
        ("colorization_regression", {"image"}, 8),
        ("split_brain", {"image"}, 4 + 4),
        ("split_brain_regression", {"image"}, 4 + 4),
        ("shuffle_and_learn", {"frames", "ordered"}, 8),
    ],
)
def test_every_recipe_reads_what_its_method_takes_and_learns_in_one_step(examples, home, name, fields, dim):
    changes = ["model.encoder.filters=2", "train.batch_size=4", "train.steps=4"]
    loaded = recipe.load(f"photographs/{name}", changes)
    made = prepare(examples, home / "prepared", loaded.prepare)
    loaded = trainer.complete(loaded, DatasetInfo(made.manifest["splits"]["train"]["records"]), lambda: False)
    model = weights.build(loaded)
    if name != "shuffle_and_learn":
        assert set(getattr(model, "strides", [getattr(model, "stride", 0)])) == {loaded.model.stride}
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, made.path)))
    assert set(batch) == fields
    before = [weight.numpy() for weight in model.trainable_weights]
    logs = model.train_step(batch)
    assert all(np.isfinite(value) for value in logs.values())
    assert any((old != new.numpy()).any() for old, new in zip(before, model.trainable_weights, strict=True))

    judged = recipe.load(f"photographs/{name}").judged_on
    whole = prepare(examples, home / "judged", judged)
    images = next(iter(reading.load(whole.path, batch_size=4, shuffle=False)))
    floats = images["image"].numpy() / np.float32(127.5) - 1
    assert images["label"].numpy().max() < 3
    served = loaded.model.served(model)
    assert served.output_shape[-1] == dim == model.encode(floats).shape[-1]
    untrained = loaded.model.untrained(loaded.sections)(floats)
    assert untrained.shape[-1] == dim
    assert np.abs(np.asarray(untrained) - np.asarray(model.encode(floats))).max() > 1e-4


def weights_of_two_colours(colours, counts, share):
    """Equation 4 of Zhang et al. 2016, bin by bin: of how often two colours occur."""
    bins = pretext.ab_bins().tolist()
    frequencies = [0.0] * len(bins)
    for colour, count in zip(colours, counts, strict=True):
        ab = pretext.rgb_to_lab(np.array([[colour]], np.uint8))[0, 0, 1:]
        centre = min(bins, key=lambda place: (place[0] - ab[0]) ** 2 + (place[1] - ab[1]) ** 2)
        spread = [np.exp(-((a - centre[0]) ** 2 + (b - centre[1]) ** 2) / (2 * 5.0**2)) for a, b in bins]
        for q, value in enumerate(spread):
            frequencies[q] += count / sum(counts) * value / sum(spread)
    weights = [1 / ((1 - share) * p + share / len(bins)) for p in frequencies]
    mean = sum(p * weight for p, weight in zip(frequencies, weights, strict=True))
    return [weight / mean for weight in weights]


def test_rebalancing_weighs_the_loss_by_how_often_the_data_have_a_colour(home):
    colours, widths = ((200, 40, 40), (60, 80, 160)), (6, 5, 4, 6, 5, 6, 7, 6)  # of the first, of 8 pixels
    images = np.full((8, 8, 8, 3), colours[1], np.uint8)
    for image, width in zip(images, widths, strict=True):
        image[:, :width] = colours[0]
    labels = np.arange(8) % 2
    np.savez(home / "two.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    made = dataset_example_gen(str(home / "two.npz"), home / "two", {"train": "train", "eval": "test"})
    prepared = prepare(made, home / "prepared", Images(size=8, channels=3))

    changes = ["prepare={size: 8, channels: 3}", "model.encoder.filters=2", "train.batch_size=4", "train.steps=2"]
    rate = "train.learning_rate={schedule: constant, initial: 1e-12}"  # nothing is learnt between the two steps
    loaded = recipe.load("photographs/colorization", [*changes, rate, "model.rebalancing=0.5"])
    read = functools.partial(data.training, loaded, prepared.path)
    trained = trainer.train(loaded, read, prepared.path, prepared.content, home / "run", Console())
    model = weights.load(loaded, trained.path)
    expected = weights_of_two_colours(colours, (sum(widths), 64 - sum(widths)), 0.5)
    assert max(expected) / min(expected) > 10
    np.testing.assert_allclose(model.get_config()["class_weights"], expected, rtol=1e-6)

    losses = []
    for batch in data.training(loaded, prepared.path):
        lightness, ab = model.split_inputs({"image": batch["image"].numpy() / np.float32(127.5) - 1})
        log_shares = keras.ops.log_softmax(model(lightness, training=True))
        entropy = -keras.ops.sum(model.cross_entropy.encode(ab) * log_shares, axis=-1).numpy()
        losses.append(np.mean(np.array(expected)[model.cross_entropy.nearest(ab)] * entropy))
    history = publish.history(trained.path)["training"]["loss"]
    np.testing.assert_allclose(history, [np.mean(losses)], rtol=1e-4)

    alike = recipe.load("photographs/colorization", [*changes, rate])
    assert alike.model.facts(prepared.path) == {}
    assert trainer.inputs(alike, "examples") != trainer.inputs(loaded, "examples")


def test_what_is_served_of_a_split_brain_is_what_it_encodes():
    loaded = recipe.load("photographs/split_brain_regression", ["model.encoder.filters=2"])
    model = weights.build(loaded)
    images = SQUARE[None] / np.float32(127.5) - 1
    lab = model.to_lab(images)
    parts = lab[..., :1] / 50.0 - 1.0, lab[..., 1:] / 110.0
    np.testing.assert_allclose(loaded.model.served(model)(parts), model.encode(images), rtol=1e-4, atol=1e-5)


def test_crops_are_shown_beside_what_colorization_sees_and_tells(examples, home):
    made = prepare(examples, home / "prepared", ColouredCrops(crop=32))
    sheet = np.asarray(Image.open(made.path / examples_picture.FILE))
    crop = next(reading.load(made.path, shuffle=False).as_numpy_iterator())["image"]
    lab = pretext.rgb_to_lab(crop)
    grey = np.repeat(np.rint(lab[..., :1] * 2.55).astype(np.uint8), 3, axis=-1)
    distances = np.square(lab[..., None, 1:] - pretext.ab_bins()).sum(axis=-1)
    told = pretext.ab_bins()[distances.argmin(axis=-1)]
    colours = pretext.lab_to_rgb(np.concatenate([np.full((32, 32, 1), 65.0), told], axis=-1))
    for number, expected in enumerate([crop, grey, colours]):  # twice enlarged, two pixels apart
        left = 8 + number * (64 + 2)
        np.testing.assert_array_equal(sheet[8 : 8 + 64, left : left + 64], expected.repeat(2, 0).repeat(2, 1))
    assert set(made.manifest["features"]) == {"key", "name", "image"}
    assert reporting.picture(made).caption == (
        "Prepared examples to train on: image; beside it, not on disk: its lightness, "
        "its bins of colour at one lightness."
    )


def test_binned_colours_are_bins_at_one_lightness():
    found = pretext.rgb_to_lab(pretext.binned_colours(np.uint8([[[180, 120, 100]]]), lightness=60.0))[0, 0]
    np.testing.assert_allclose(found, [60, 20, 20], atol=0.5)  # a and b of the colour are 21.1 and 20.6
    with pytest.raises(ValueError, match=r"`lightness` must lie in \[0, 100\]. Received: lightness=101"):
        pretext.binned_colours(SQUARE, lightness=101)
