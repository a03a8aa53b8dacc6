"""Preparations and recipes of pretext tasks: what is on disk, what is shown of it, what is learnt from and measured."""

import inspect
import io
from typing import get_args

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genssl import data as reading
from keras_genssl import pretext
from pipelines.beam.shards import hash64
from pipelines.console import Console
from pipelines.data import examples_picture, preparations
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.pretext import Pretext
from pipelines.data.prepare import prepare
from pipelines.errors import UserError
from pipelines.recipe.method import DatasetInfo
from pipelines.run import data_steps, finding
from pipelines.run import loading as recipe
from pipelines.run.steps import Steps
from pipelines.runtime import recording
from pipelines.runtime.metadata import Metadata
from pipelines.tasks.representation import data, sheets
from pipelines.training import trainer, weights
from tests.pipelines import digits

ROTATION, PAINTING = "fashion_mnist/rotation", "fashion_mnist/context_encoder"
SIZE = 8
NEIGHBOURS = "{preparation: neighbouring_crops, size: 28, channels: 1, crop: 10, min_distance: 10, max_distance: 14}"


class Quarters(Pretext):
    """The quarters of an image in an order that is drawn, and the number of the first."""

    preparation: str = "quarters"
    uneven: bool = False

    @property
    def features(self):
        return {"quarters": "grey_patches" if self.channels == 1 else "patches", "first": "int"}

    def example(self, square, seed):
        half = self.size // 2
        quarters = square.reshape(2, half, 2, half, self.channels).swapaxes(1, 2).reshape(4, half, half, self.channels)
        order = np.random.default_rng(seed).permutation(4)
        kept = order[:3] if self.uneven and seed % 2 else order
        return {"quarters": quarters[kept], "first": np.int32(order[0])}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("pretext")


@pytest.fixture(scope="module")
def examples(home):
    """Twelve digits of two classes."""
    digits.write_folder(home / "photos", count=12, classes=2)
    return image_example_gen(home / "photos", home / "examples", {"train": 0.7, "eval": 0.3}, labels=True)


def squares(examples, home, channels):
    """Key -> the square image, of the training split."""
    made = prepare(examples, home / "prepared", preparations.Images(size=SIZE, channels=channels))
    return {one["key"]: one["image"] for one in reading.load(made.path, shuffle=False).as_numpy_iterator()}


@pytest.mark.parametrize("channels", [1, 3])
def test_stacks_and_integers_come_back_as_the_pure_function_makes_them(examples, home, channels):
    section = Quarters(size=SIZE, channels=channels, copies=2, seed=5)
    made = prepare(examples, home / "prepared", section)
    assert made.manifest["stacks"] == {"quarters": 4}
    known = squares(examples, home, channels)
    found = list(reading.load(made.path, shuffle=False).as_numpy_iterator())
    assert len(found) == 2 * len(known)
    seeds = set()
    for one in found:
        image, copy = one["key"].decode().rsplit("-", 1)
        seed = hash64(f"{image}-{int(copy)}", "pretext-5")
        expected = section.example(known[f"{image}-00000".encode()], seed)
        np.testing.assert_array_equal(one["quarters"], expected["quarters"])
        assert one["quarters"].dtype == np.uint8
        assert one["first"] == expected["first"]
        seeds.add(seed)
    assert len(seeds) == len(found)
    batch = next(iter(reading.load(made.path, batch_size=3, features=["quarters", "first"])))
    assert batch["quarters"].shape == (3, 4, SIZE // 2, SIZE // 2, channels)
    assert (batch["first"].dtype, batch["first"].shape) == ("int64", (3,))
    firsts = [int(one["first"]) for one in found]
    assert made.manifest["statistics"]["train"]["first"]["max"] == max(firsts)
    assert made.manifest["statistics"]["train"]["quarters_height"] == {"min": 4, "median": 4, "max": 4}
    again = prepare(examples, home / "again", section)
    for name in made.manifest["files"]:
        assert (again.path / name).read_bytes() == (made.path / name).read_bytes()


def test_stacks_of_several_sizes_are_refused(examples, home):
    with pytest.raises(ValueError, match=r"must have equally many images in `quarters`. Received: \[3, 4\]"):
        prepare(examples, home / "uneven", Quarters(size=SIZE, uneven=True))


@pytest.mark.parametrize(
    ("kind", "parameters", "made"),
    [
        (preparations.Rotations, {}, lambda image, seed: pretext.rotated(image, seed)),
        (preparations.CenterMasked, {"fraction": 0.3, "fill": 9},
         lambda image, seed: pretext.center_masked(image, seed, 0.3, 9)),
        (preparations.BlockMasked, {"blocks": 2, "area": 0.5, "fill": 9},
         lambda image, seed: pretext.block_masked(image, seed, 2, 0.5, 9)),
        (preparations.Jigsaw, {"num_permutations": 5, "cell_size": 4, "patch_size": 3, "grid": 2, "grayscale": 0.5,
                    "channel_shift": 1},
         lambda image, seed: pretext.jigsaw(image, seed, 5, 4, 3, 2, 0.5, 1)),
        (preparations.RelativePosition, {"patch_size": 2, "gap": 1, "jitter": 0, "colour": "project", "downsample": 0.5,
                               "least_pixels": 1},
         lambda image, seed: pretext.relative_position(image, seed, 2, 1, 0, "project", 0.5, 1)),
        (preparations.OverlappingPatches, {"patch_size": 4, "stride": 3, "rows": 2, "columns": 1, "flip": 0.4,
                                            "grayscale": 0.3, "inner_size": 3, "operations": 1},
         lambda image, seed: pretext.overlapping_patches(image, seed, 4, 3, 2, 1, 0.4, 0.3, 3, 1)),
        (preparations.NeighbouringCrops, {"crop": 3, "min_distance": 2, "max_distance": 4},
         lambda image, seed: pretext.neighbouring_crops(image, seed, 3, 2, 4)),
    ],
)  # fmt: skip
def test_preparations_are_the_pure_functions(kind, parameters, made):
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    preparation = kind(size=SIZE, channels=3, copies=3, seed=2, **parameters)
    found = list(preparation.examples(image, "key", "train", 1))
    assert len(found) == 3
    for copy, example in enumerate(found):
        expected = made({"image": image}, hash64(f"key-{copy}", "pretext-2"))
        assert set(example) == set(expected) == set(preparation.features)
        for feature, value in expected.items():
            np.testing.assert_array_equal(example[feature], value)


@pytest.mark.parametrize(
    ("preparation", "message"),
    [
        (preparations.BlockMasked(size=4, blocks=9), "`size` must be large enough for 9 blocks"),
        (preparations.Jigsaw(size=26), "`size` must be at least 27 pixels high and 27 wide"),
        (preparations.RelativePosition(jitter=2), "`jitter` must be at most `gap`"),
        (preparations.NeighbouringCrops(size=40), r"`crop \+ min_distance` = 48 the longer one. Received: height=40"),
        (
            preparations.NeighbouringCrops(max_distance=9),
            "`max_distance` must be an integer of at least `min_distance`=24",
        ),
        (preparations.OverlappingPatches(rows=7), "`size` must be at least 32 pixels high and 28 wide"),
    ],
)
def test_fields_that_do_not_go_together_are_refused_before_any_image(examples, home, preparation, message):
    with pytest.raises(UserError, match=message):
        prepare(examples, home / "refused", preparation)
    assert not (home / "refused").exists()


def test_defaults_are_those_of_the_functions_but_for_sizes_which_are_of_smaller_images():
    smaller = {
        "size",
        "cell_size",
        "patch_size",
        "gap",
        "jitter",
        "rows",
        "columns",
        "crop",
        "min_distance",
        "max_distance",
    }
    (union, *_) = get_args(preparations.AnyPreparation)
    compared = set()
    for kind in (kind for kind in get_args(union) if issubclass(kind, Pretext)):
        defaults = inspect.signature(kind.function()).parameters
        for name in set(kind.model_fields) & set(defaults) - smaller - {"seed"}:
            assert kind.model_fields[name].default == defaults[name].default, (kind, name)
            compared.add((kind.__name__, name))
    assert {("BlockMasked", "fill"), ("Jigsaw", "grayscale"), ("FrameTuples", "negatives")} <= compared


def test_a_number_of_few_values_has_a_column_for_each(examples, home):
    made = prepare(examples, home / "prepared", preparations.Rotations(size=SIZE, copies=4))
    sheet = np.asarray(Image.open(made.path / "examples.png"))[..., 0]
    known = squares(examples, home, 1)
    enlarged = {  # eight times, to 64 pixels
        turns: [np.rot90(image[..., 0], turns).repeat(8, 0).repeat(8, 1) for image in known.values()]
        for turns in range(4)
    }
    for column in range(4):
        left, top = 8 + column * (64 + 8), 8
        shown = sheet[top : top + 64, left : left + 64]
        assert any((shown == image).all() for image in enlarged[column])
        assert (sheet[top + 64 + 2 : top + 80, left : left + 64] < 128).any()  # the number below
    assert examples_picture.caption(made.manifest["features"]) == (
        "Prepared examples to train on: image; below: rotation."
    )


def test_a_stack_is_shown_in_a_row_and_more_than_four_in_a_square():
    images = [Image.new("RGB", (4, 4), (level, 0, 0)) for level in range(9)]
    row, square = (np.asarray(examples_picture._grid(images[:count]))[..., 0] for count in (4, 9))
    assert (row.shape, square.shape) == ((4, 22), (16, 16))
    assert row[0, ::6].tolist() == [0, 1, 2, 3]
    assert square[::6, ::6].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def of_levels(*levels):
    """A stack of squares of 4 pixels, each of one level of grey, as a strip in PNG."""
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(np.array(levels, np.uint8), 4)[:, None].repeat(4, 1)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("made", "example", "levels", "squares"),
    [
        (
            preparations.Jigsaw(num_permutations=7),
            {"permutation": 5},
            pretext.permutation_set(7)[5],  # each patch is as grey as the number of its cell
            [pretext.permutation_set(7)[5].reshape(3, 3), np.arange(9).reshape(3, 3)],
        ),
        (
            preparations.RelativePosition(),
            {"position": pretext.POSITIONS.index((-1, 1))},
            (3, 7),
            [np.array([[232, 232, 7], [232, 3, 232], [232, 232, 232]])],
        ),
    ],
)
def test_patches_are_shown_where_they_come_from(made, example, levels, squares):
    stack, features = of_levels(*levels), {"patches": "grey_patches"}
    arranged = made.arrangements(example)
    tile = examples_picture._tile({"patches": stack}, features, {"patches": len(levels)}, "", arranged)
    pixels, step = np.asarray(tile)[..., 0], 32 + 2  # a patch enlarged eight times, and a gap
    wide = 3 * step - 2
    assert tile.size == (len(squares) * (wide + 8) - 8, wide)
    for number, square in enumerate(squares):
        left = number * (wide + 8)
        np.testing.assert_array_equal(pixels[::step, left : left + wide : step], square)


def test_large_pictures_are_shrunk_together():
    def png(side):
        buffer = io.BytesIO()
        Image.new("L", (side, side), 90).save(buffer, "PNG")
        return buffer.getvalue()

    tile = examples_picture._tile({"low": png(128), "high": png(256)}, {"low": "grey", "high": "grey"}, {}, "")
    assert tile.size == (64 + 2 + 128, 128)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            ROTATION,
            "prepare.preparation=block_masked",
            "must be images or rotations for Rotation. Received: block_mask",
        ),
        (
            ROTATION,
            "prepare.preparation=rotations",
            "`model.views` are drawn of images that are turned afterwards",
        ),
        (PAINTING, "prepare={}", "must be block_masked or center_masked for ContextEncoder. Received: images"),
        (PAINTING, "prepare.blokcs=3", "`prepare.blokcs` is not a known key. Did you mean `blocks`?"),
        (PAINTING, "prepare.preparation=blokc_masked", "Received: 'blokc_masked'. Did you mean `block_masked`?"),
        (
            "fashion_mnist/simclr",
            "prepare.preparation=rotations",
            "must be images or neighbouring_crops for SimCLR. Received",
        ),
        (
            "fashion_mnist/simclr",
            f"prepare={NEIGHBOURS}",
            "`model.views` must be null with `prepare.preparation: neighbour",
        ),
        (
            "fashion_mnist/simclr",
            "model.views=null",
            "`model.views` must not be null but with `prepare.preparation: nei",
        ),
        (
            "fashion_mnist/moco",
            "model.views=null",
            "`views` must not be null for MoCo, which draws them of whole images",
        ),
    ],
)
def test_faults_name_place_key_rule_and_nearest(name, change, message):
    with pytest.raises(UserError) as error:
        recipe.load(name, [change])
    assert message in str(error.value)


def test_all_are_judged_on_whole_images_that_are_prepared_once(home):
    digits.write_folder(home / "photos", count=12, classes=2)
    done: list[str] = []
    (home / "out").mkdir(exist_ok=True)

    def made(name, *changes):
        loaded = recipe.load(name, ["prepare.size=28", *changes], folder=home / "photos")
        with recording.begin(Metadata(home / "out"), name, "c") as record:
            steps = Steps(Console(), record)
            data = data_steps.run(loaded, home / "out", 1, steps, Console())
        done[:] = [step.summary.partition(":")[0] for step in steps.done if step.name == "Prepare"]
        return data.inputs[""].examples, data.prepared, data.judged

    examples, masked, judged = made(PAINTING)
    assert done == ["block_masked", "images"]
    assert masked.manifest["features"] == {
        "key": "text", "name": "text", "masked": "grey", "image": "grey", "mask": "grey",
    }  # fmt: skip
    assert judged.manifest["labels"] == ["digit_0", "digit_1"]
    others, whole, same = made("fashion_mnist/simclr")
    assert others.path == examples.path
    assert whole.path == same.path == judged.path
    assert whole.reused


@pytest.mark.parametrize(
    ("name", "preparation", "fields"),
    [
        ("rotation", "images", {"image"}),
        ("rotation", "rotations", {"image", "rotation"}),
        ("context_encoder", "block_masked", {"masked", "image", "mask"}),
        ("context_encoder_adversarial", "center_masked", {"masked", "image", "mask"}),
        ("jigsaw", "jigsaw", {"patches", "permutation"}),
        ("relative_position", "relative_position", {"patches", "position"}),
        ("cpc", "overlapping_patches", {"patches"}),
    ],
)
def test_every_recipe_reads_what_its_method_takes_and_learns_in_one_step(examples, home, name, preparation, fields):
    changes = ["model.encoder.filters=1", "train.batch_size=4", "train.steps=4", f"prepare.preparation={preparation}"]
    painter = ["model.decoder_filters=1", "model.decoder_units=2"] if "context" in name else []
    adversary = ["model.discriminator_filters=1"] if "adversarial" in name else []
    if preparation == "rotations":
        changes += ["model.views=null"]
    if name == "cpc":  # normalised over one channel it would be blind
        changes += ["model.encoder.filters=3", "model.context_filters=4", "model.context_blocks=1"]
    loaded = recipe.load(f"fashion_mnist/{name}", [*changes, *painter, *adversary])
    made = prepare(examples, home / "prepared", loaded.prepare)
    loaded = trainer.complete(loaded, DatasetInfo(len(fields)), lambda: False)
    keras.utils.set_random_seed(0)  # with one filter, some draws of weights are dead
    model = weights.build(loaded)
    players = {player: keras.optimizers.SGD(0.1) for player in loaded.model.players}
    model.compile(players or keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, made.path)))
    assert set(batch) == fields
    before = [weight.numpy() for weight in model.encoder.trainable_weights]
    logs = model.train_step(batch)
    assert all(np.isfinite(value) for value in logs.values())
    after = [weight.numpy() for weight in model.encoder.trainable_weights]
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


def test_answers_of_painters_keep_what_was_seen(home):
    changes = ["model.encoder.filters=1", "model.decoder_filters=1", "model.decoder_units=2", "prepare.fill=73"]
    loaded = recipe.load(PAINTING, changes)
    model = weights.build(trainer.complete(loaded, DatasetInfo(1), lambda: False))
    shown = np.random.default_rng(0).integers(100, 256, (3, 28, 28, 1), dtype=np.uint8)
    sheets._answers(loaded, model, shown, home / "answers.png")
    sheet = np.asarray(Image.open(home / "answers.png").convert("L"))
    places = [slice(2 + 30 * number, 30 + 30 * number) for number in range(3)]  # two pixels between images of 28
    rows = [[sheet[down, across] for across in places] for down in places]
    for number, (masked, painted, whole) in enumerate(zip(*rows, strict=True)):
        example = pretext.block_masked({"image": shown[number]}, number, blocks=5, area=0.25, fill=73)
        hidden = example["mask"][..., 0] > 0
        assert hidden.any()
        np.testing.assert_array_equal(whole, shown[number, ..., 0])
        np.testing.assert_array_equal(masked, example["masked"][..., 0])
        np.testing.assert_array_equal(painted[~hidden], whole[~hidden])
        assert (painted[hidden] != 73).any()


def test_methods_that_answer_with_no_picture_have_no_sheet(home):
    loaded = recipe.load(ROTATION)
    sheets._answers(loaded, None, np.zeros((3, 28, 28, 1), np.uint8), home / "none.png")
    assert not (home / "none.png").exists()


@pytest.mark.parametrize("name", ["simclr", "byol", "vicreg"])
def test_methods_of_two_views_learn_from_neighbouring_crops_and_encode_whole_images(examples, home, name):
    changes = [f"prepare={NEIGHBOURS}", "model.views=null", "model.encoder.filters=1", "train.batch_size=4"]
    loaded = recipe.load(f"fashion_mnist/{name}", [*changes, "train.steps=4"])
    made = prepare(examples, home / "prepared", loaded.prepare)
    loaded = trainer.complete(loaded, DatasetInfo(8), lambda: False)
    keras.utils.set_random_seed(0)  # with one filter, some draws of weights are dead
    model = weights.build(loaded)
    assert model.views is None
    assert loaded.model.shown() == []
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, made.path)))
    assert {name: crop.shape for name, crop in batch.items()} == dict.fromkeys(("first", "second"), (4, 10, 10, 1))
    assert np.isfinite(model.train_step(batch)["loss"])
    assert loaded.judged_on.preparation == "images"
    assert model.encode(np.zeros((2, 28, 28, 1), np.float32)).shape == (2, 4)
    sheet = np.asarray(Image.open(made.path / examples_picture.FILE))[..., 0]
    first = next(reading.load(made.path, shuffle=False).as_numpy_iterator())
    for number, field in enumerate(("first", "second")):  # side by side, six times enlarged
        shown = sheet[8 : 8 + 60, 8 + number * 62 : 8 + number * 62 + 60]
        np.testing.assert_array_equal(shown, first[field][..., 0].repeat(6, 0).repeat(6, 1))


def test_views_that_a_recipe_does_not_name_are_none_where_pairs_are_prepared(tmp_path):
    text = finding.find("photographs/simclr").read_text()
    start, end = text.index("  views:"), text.index("train:")
    (tmp_path / "mine.yaml").write_text(text[:start] + text[end:])
    loaded = recipe.load(str(tmp_path / "mine.yaml"), ["prepare={preparation: neighbouring_crops}"])
    assert loaded.model.views is None
    assert recipe.load(str(tmp_path / "mine.yaml")).model.views is not None
