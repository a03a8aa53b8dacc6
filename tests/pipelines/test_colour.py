"""Preparations and recipes of colorization, split brains and order verification."""

import keras
import numpy as np
import pytest

from keras_genssl import data as reading
from keras_genssl import pretext
from pipelines import recipe
from pipelines.beam.shards import hash64
from pipelines.components import preparations, trainer
from pipelines.components.dataset_example_gen import dataset_example_gen
from pipelines.components.prepare import prepare
from pipelines.errors import UserError
from pipelines.tasks.representation import data

SQUARE = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "parameters", "made"),
    [
        ("coloured_crops", {}, lambda image, seed: pretext.coloured_crop(image, seed, 12)),
        (
            "camera_tuples",
            {"num_frames": 9, "max_span": 4, "min_distance": 2, "negatives": 0.5},
            lambda image, seed: pretext.camera_tuple(image, seed, 9, 12, 4, 2, 0.5),
        ),
    ],
)
def test_preparations_are_the_pure_functions(name, parameters, made):
    preparation = preparations.make(name, {"size": 20, "crop": 12, "copies": 3, "seed": 2, **parameters})
    found = list(preparation.examples(SQUARE, "key", "train", 1))
    assert len(found) == 3
    for copy, example in enumerate(found):
        expected = made({"image": SQUARE}, hash64(f"key-{copy}", "pretext-2"))
        assert set(example) == set(expected) == set(preparation.features)
        for feature, value in expected.items():
            np.testing.assert_array_equal(example[feature], value)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("coloured_crops", {"crop": 65}, "must be at least `size` = 65 pixels high and wide"),
        ("coloured_crops", {"channels": 1}, "must have three channels: a grey image has no colour"),
        ("camera_tuples", {"negatives": 2.0}, r"`negatives` must lie in \[0, 1\]. Received: negatives=2.0"),
        ("camera_tuples", {"num_frames": 4}, r"must hold at least 3 \+ `min_distance` = 7 frames. Received: 4"),
    ],
)
def test_parameters_are_refused_before_any_image(name, parameters, message):
    with pytest.raises(UserError, match=message):
        preparations.make(name, parameters)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prepare.preparation=camera_tuples", "must be images or coloured_crops for Colorization. Received: camera"),
        ("prepare.channels=1", "`prepare.channels` must be 3"),
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
    section = loaded.prepare.model_dump(exclude={"preparation"})
    made = prepare(examples, home / "prepared", loaded.prepare.preparation, section)
    loaded = trainer.settled(loaded, lambda: False, None, made.manifest["splits"]["train"]["records"])
    model = trainer.build(loaded)
    loaded.model.compile(model, lambda _: keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, made.path)))
    assert set(batch) == fields
    before = [weight.numpy() for weight in model.trainable_weights]
    logs = model.train_step(batch)
    assert all(np.isfinite(value) for value in logs.values())
    assert any((old != new.numpy()).any() for old, new in zip(before, model.trainable_weights, strict=True))

    judged = recipe.load(f"photographs/{name}").judged_on
    whole = prepare(examples, home / "judged", judged.preparation, {"size": judged.size, "channels": judged.channels})
    images = next(iter(reading.load(whole.path, batch_size=4, shuffle=False)))
    floats = images["image"].numpy() / np.float32(127.5) - 1
    assert images["label"].numpy().max() < 3
    served = loaded.model.served(model)
    assert served.output_shape[-1] == dim == model.encode(floats).shape[-1]
    untrained = loaded.model.untrained(loaded)(floats)
    assert untrained.shape[-1] == dim
    assert np.abs(np.asarray(untrained) - np.asarray(model.encode(floats))).max() > 1e-4


def test_what_is_served_of_a_split_brain_is_what_it_encodes():
    loaded = recipe.load("photographs/split_brain_regression", ["model.encoder.filters=2"])
    model = trainer.build(loaded)
    images = SQUARE[None] / np.float32(127.5) - 1
    lab = model.to_lab(images)
    parts = lab[..., :1] / 50.0 - 1.0, lab[..., 1:] / 110.0
    np.testing.assert_allclose(loaded.model.served(model)(parts), model.encode(images), rtol=1e-4, atol=1e-5)
