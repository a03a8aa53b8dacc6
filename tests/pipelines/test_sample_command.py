"""`genssl sample` on exported models: images of seeds, classes and names, and what cannot be used."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from keras_genssl import engine, export
from keras_genssl.analysis import image_grid
from keras_genssl.checks import arrays
from tests.pipelines import genssl

SHAPE = (8, 6, 1)
PIXELS = 48


def network(*inputs):
    taken = [keras.Input((size,)) for size in inputs]
    x = taken[0] if len(taken) == 1 else keras.layers.Concatenate()(taken)
    made = keras.layers.Reshape(SHAPE)(keras.layers.Dense(PIXELS, activation="tanh")(x))
    return keras.Model(taken if len(taken) > 1 else taken[0], made)


def discriminator(classes=0):
    image = keras.Input(SHAPE)
    taken = [image, *([keras.Input((classes,))] if classes else [])]
    x = keras.layers.Flatten()(image)
    x = keras.layers.Concatenate()([x, taken[1]]) if classes else x
    return keras.Model(taken if classes else image, keras.layers.Dense(1)(x))


class Exported:
    """The models of these tests below a folder, each with its SavedModel."""

    def __init__(self, folder):
        keras.utils.set_random_seed(3)
        self.folder = folder
        self.gan = kg.models.DCGAN(network(4), discriminator(), latent_dim=4)
        self.conditional = kg.models.ConditionalGAN(network(4, 3), discriminator(3), latent_dim=4, num_classes=3)
        styles = kg.backbones.style_synthesis((28, 28, 1), 4, 2, max_filters=4)
        judge = kg.backbones.style_discriminator((28, 28, 1), 2, max_filters=4)
        self.styled = kg.models.StyleGAN(kg.backbones.style_mapping(4, 4, 1), styles, judge, latent_dim=4)
        image = {"image": engine.Image(SHAPE)}
        two = {"first": engine.Image(SHAPE), "second": engine.Image(SHAPE)}
        latent, label = {"latent": engine.Vector(4)}, {"label": engine.Label(3)}
        generate = self.gan.generate
        classified = engine.Serving(lambda z, y: z, {**latent, **label}, {"vector": engine.Vector(4)})
        encoded = engine.Serving(self.encode, image, latent)
        both = engine.Serving(lambda z: {"first": generate(z), "second": -generate(z)}, latent, two)
        served = {
            "gan/1": self.gan.serving(),
            "gan/10": self.gan.serving(),
            "conditional/1": self.conditional.serving(),
            "drawing/1": {"encode": encoded, "draw": engine.Serving(self.draw, {}, image)},
            "pairs/1": {"generate": both},
            "styled/1": self.styled.serving(),
            "encoder/1": {"encode": encoded},
            "classifier/1": {"classify": classified},
        }
        for name, servings in served.items():
            export.saved_model(None, folder / name, signatures=servings)

    def encode(self, images):
        return images[:, 0, :4, 0]

    def draw(self, num, seed):
        return keras.random.uniform((num, *SHAPE), -1, 1, seed=seed)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return Exported(tmp_path_factory.mktemp("models"))


def pixels(path):
    with Image.open(path) as image:
        found = np.asarray(image)
    return found[..., None] if found.ndim == 2 else found


def test_a_sheet_shows_what_the_library_samples(models, tmp_path):
    status, output, errors = genssl.call(tmp_path, "sample", models.folder / "gan", "-n", 7, "--seed", 5)
    assert (status, errors) == (0, "")
    assert f"7 images of {models.folder / 'gan' / '10'}, seed 5" in output  # 10 is newer than 1
    expected = image_grid(models.gan.sample(7, seed=5), columns=3)
    np.testing.assert_array_equal(pixels(tmp_path / "samples.png"), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["samples.png"]
    before = (tmp_path / "samples.png").read_bytes()
    status, _, errors = genssl.call(tmp_path, "sample", models.folder / "gan", "-n", 7, "--seed", 6)
    assert status == 2
    assert "--output samples.png: is there already: remove it, or name another" in errors
    assert (tmp_path / "samples.png").read_bytes() == before


def test_single_files_of_several_chunks_are_the_samples_one_by_one(models, tmp_path):
    status, _, errors = genssl.call(tmp_path, "sample", models.folder / "gan/1", "-n", 205, "--output", "some/files")
    assert (status, errors) == (0, "")
    files = sorted((tmp_path / "some" / "files").iterdir())
    assert [file.name for file in files] == [f"{number:03}.png" for number in range(205)]
    expected = arrays.nearest_levels(models.gan.sample(205, seed=0))
    np.testing.assert_array_equal(np.stack([pixels(file) for file in files]), expected)


def test_classes_take_turns_each_in_a_column(models, tmp_path):
    conditional = models.folder / "conditional"
    for options, labels, columns in (
        ((), [0, 1, 2, 0, 1, 2, 0], 3),
        (("--label", 2), [2] * 7, 3),
        (("--label", 2, "--label", 0), [2, 0, 2, 0, 2, 0, 2], 2),
    ):
        status, _, errors = genssl.call(tmp_path, "sample", conditional, "-n", 7, *options)
        assert (status, errors) == (0, "")
        expected = image_grid(models.conditional.sample(7, seed=0, labels=labels), columns=columns)
        np.testing.assert_array_equal(pixels(tmp_path / "samples.png"), expected)
        (tmp_path / "samples.png").unlink()
    genssl.call(tmp_path, "sample", conditional, "-n", 2, "--label", 1, "--output", "files")
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["0_class_1.png", "1_class_1.png"]


def test_a_class_of_a_pushed_model_has_a_name(models, tmp_path):
    pushed = tmp_path / "out" / "saved_models" / "garments" / "1"
    shutil.copytree(models.folder / "conditional" / "1", pushed)
    (pushed / "assets.extra").mkdir()
    (pushed / "assets.extra" / "card.json").write_text(json.dumps({"data": {"class_names": ["shirt", "bag", "boot"]}}))
    assert genssl.call(tmp_path, "sample", "garments", "-n", 4, "--label", "boot")[0] == 0
    expected = image_grid(models.conditional.sample(4, seed=0, labels=[2] * 4))
    np.testing.assert_array_equal(pixels(tmp_path / "samples.png"), expected)
    status, _, errors = genssl.call(tmp_path, "sample", "garments", "--label", "boots", "--output", "other.png")
    assert status == 2
    assert "--label boots: must be the number of a class in 0 ... 2, or one of the names shirt, bag, boot" in errors
    status, _, errors = genssl.call(tmp_path, "sample", "garment")
    assert (status, "Did you mean `garments`?" in errors) == (2, True)


def test_a_model_that_draws_gets_the_seed(models, tmp_path):
    function = tf.saved_model.load(str(models.folder / "drawing" / "1")).signatures["draw"]
    status, _, errors = genssl.call(
        tmp_path, "sample", models.folder / "drawing", "-n", 130, "--seed", 9, "--output", "d"
    )
    assert (status, errors) == (0, "")
    files = [file.read_bytes() for file in sorted((tmp_path / "d").iterdir())]
    answer = function(num=tf.constant(100), seed=tf.constant(9, tf.int64))["image_bytes"].numpy()
    assert files[:100] == list(answer)
    assert len(set(files)) == 130  # the second chunk has a seed of its own


def test_two_images_of_a_latent_are_below_each_other(models, tmp_path):
    assert genssl.call(tmp_path, "sample", models.folder / "pairs", "-n", 5)[0] == 0
    first = arrays.nearest_levels(models.gan.sample(5, seed=0))
    second = arrays.nearest_levels(-models.gan.sample(5, seed=0))
    white = np.full_like(first[:1], 255)
    expected = np.concatenate([first[:3], second[:3], first[3:], white, second[3:], white])
    np.testing.assert_array_equal(pixels(tmp_path / "samples.png"), image_grid(expected, columns=3))
    assert genssl.call(tmp_path, "sample", models.folder / "pairs", "-n", 1, "--output", "files")[0] == 0
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["0_first.png", "0_second.png"]


def test_truncation_is_passed_where_there_is_one(models, tmp_path):
    for value, options in ((1.0, ()), (0.5, ("--truncation", 0.5))):
        out = f"{value}.png"
        assert genssl.call(tmp_path, "sample", models.folder / "styled", "-n", 4, "--output", out, *options)[0] == 0
        expected = image_grid(models.styled.sample(4, seed=0, truncation=value), columns=2)
        np.testing.assert_allclose(pixels(tmp_path / out).astype(int), expected, atol=1)  # a level of rounding
    status, _, errors = genssl.call(tmp_path, "sample", models.folder / "gan", "--truncation", 0.7)
    assert status == 2
    assert "--truncation 0.7: " in errors
    assert "has no input `truncation`" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gan", "--label", 1], "--label 1: {}/gan/10 takes no class; its signature is `serving_default` with latent"),
        (["conditional", "--label", 3], "--label 3: must be the number of a class in 0 ... 2"),
        (["conditional", "--label", -1], "--label -1: must be the number of a class in 0 ... 2"),
        (["conditional", "--label", "bag"], "--label bag: must be the number of a class in 0 ... 2"),
        (["gan", "-n", 0], "Invalid value for '-n'"),
        (["gan", "--seed", -1], "Invalid value for '--seed'"),
        (["gan", "--truncation", "nan"], "--truncation nan: must be a finite number"),
        (["encoder"], "encoder/1: is no generator; its signatures are serving_default"),
        (
            ["classifier"],
            "A generator has a signature `generate`, from latents, or `draw`, from nothing: all",
        ),
        ([""], "The generators here are {0}/conditional/1, {0}/drawing/1, {0}/gan/1, {0}/gan/10, {0}/pairs/1"),
    ],
)
def test_what_cannot_be_used_is_one_message_and_status_two(models, tmp_path, arguments, message):
    model, *options = arguments
    status, output, errors = genssl.call(tmp_path, "sample", models.folder / model, *options)
    assert status == 2
    assert message.format(models.folder) in errors
    assert "Traceback" not in output + errors
    assert not list(tmp_path.iterdir())


def test_the_newest_run_of_a_recipe_is_found_by_its_name(models, tmp_path):
    for number, name in enumerate(("drawing", "gan")):
        export_of = tmp_path / "out" / "runs" / "fashion_mnist" / "dcgan" / f"{9 - number}" / "export"
        shutil.copytree(models.folder / name / "1", export_of / "model", copy_function=shutil.copy)
    for given in ("fashion_mnist/dcgan", "out/runs/fashion_mnist/dcgan", "out/runs/fashion_mnist/dcgan/8"):
        output = tmp_path / f"{len(given)}.png"
        status, _, errors = genssl.call(tmp_path, "sample", given, "-n", 4, "--output", output)
        assert (status, errors) == (0, "")
        np.testing.assert_array_equal(pixels(output), image_grid(models.gan.sample(4, seed=0)))
    status, _, errors = genssl.call(tmp_path, "sample", "fashion_mnist/dcgam")
    assert (status, "Did you mean `fashion_mnist/dcgan`?" in errors) == (2, True)


def test_a_failed_write_leaves_nothing(models, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device", "sheet")

    monkeypatch.setattr("keras_genssl.analysis.save_image_grid", full)
    status, _, errors = genssl.call(tmp_path, "sample", models.folder / "gan", "-n", 4)
    assert (status, errors) == (2, "error: sheet: No space left on device\n")
    assert not list(tmp_path.iterdir())
