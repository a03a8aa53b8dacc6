"""Translators on one's own photographs: two folders, or pairs, from the command line to a SavedModel of bytes."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import data as reading
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.run import data_steps
from pipelines.run import loading as recipe
from pipelines.run.steps import Steps
from pipelines.runtime import recording
from pipelines.runtime.metadata import Metadata
from pipelines.tasks.translation import data
from tests.pipelines import genssl
from tests.pipelines.test_report import Tables

SIZES = ((40, 30), (19, 33), (24, 24), (31, 20), (16, 90), (50, 41), (22, 29), (37, 18))  # width, height
NARROW = [
    *("prepare.size=16", "prepare.load_size=18", "prepare.crops=12", "prepare.held_out_crops=6"),
    *("model.filters=2", "model.discriminator_filters=2", "model.discriminator_layers=1"),
    *("train.steps=2", "train.batch_size=2"),
    *("train.learning_rate={schedule: constant, initial: 0.001}", "evaluate.images=6"),
]


def scene(number, size, dark=False):
    """A picture of its own for each number, redder than blue; dark ones are its negative."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 80, (*size[::-1], 3)) + np.array([170, 80, 0])
    return Image.fromarray((255 - pixels if dark else pixels).astype(np.uint8))


def write(folder, pictures):
    """Pictures by name, the last of them in grey, and a file that is none."""
    folder.mkdir()
    for number, picture in enumerate(pictures):
        grey = number == len(pictures) - 1
        (picture.convert("L") if grey else picture).save(folder / f"{number}.png")
    (folder / f"bad_{folder.name}.png").write_bytes(b"no image")


def run(home, name, *options):
    """Runs a recipe: what was printed, its report, its metrics, and the pushed SavedModel."""
    (home / "out").mkdir(exist_ok=True)
    arguments = [part for change in NARROW for part in ("--set", change)]
    status, output, errors = genssl.call(home, "run", name, *options, *arguments)
    assert status == 0, output + errors
    (report,) = home.glob(f"out/runs/{name}/*/report.html")
    (pushed,) = home.glob(f"out/saved_models/{name.rpartition('/')[2]}_16/1")
    return output, report.read_text(), json.loads((report.parent / "metrics.json").read_text()), pushed


def translated(pushed, picture):
    """What the SavedModel makes of the bytes of a picture."""
    file = io.BytesIO()
    picture.save(file, "jpeg")
    answer = tf.saved_model.load(str(pushed)).signatures["serving_default"](image_bytes=tf.constant([file.getvalue()]))
    return Image.open(io.BytesIO(answer["image_bytes"].numpy()[0]))


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory):
    home = tmp_path_factory.mktemp("unpaired")
    write(home / "day", [scene(number, size) for number, size in enumerate(SIZES)])
    write(home / "night", [scene(100 + number, size, dark=True) for number, size in enumerate(SIZES[:6])])
    options = ["--data", "first=day", "--data", "second=night", "--set", "evaluate.bless={cycle_error: {max: 2}}"]
    return home, *run(
        home, "translation/cyclegan", *options, "--set", "model.blocks=1", "--set", "model.downsamplings=1"
    )


def test_cyclegan_learns_from_two_folders_and_tells_of_both(unpaired):
    home, output, report, metrics, pushed = unpaired
    assert "first: 7 images, 1 held out, 1 dead letter" in output
    assert "second: 4 images, 2 held out, 1 dead letter" in output
    steps = [step["name"] for step in metrics["components"]]
    assert steps[:11] == [
        *["ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Prepare"] * 2,
        "JoinInputs",
    ]
    rows = Tables(report).rows
    for name, folder in (("first", "day"), ("second", "night")):
        assert rows[f"dead-letters-{name}"][1][0] == f"bad_{folder}.png"
        assert f"statistics-{name}" in rows
    assert set(metrics["evaluation"]["numbers"]) == {"kid", "cycle_error"}
    assert set(metrics["evaluation"]["baselines"]) == {"copy", "histogram_matching"}
    kept = json.loads((pushed / "assets.extra" / "card.json").read_text())
    assert kept["data"]["source"] == "first: a folder of the user's: day; second: a folder of the user's: night"
    answer = translated(pushed, scene(7, (16, 16)))
    assert (answer.size, answer.mode) == ((16, 16), "RGB")
    (joined,) = home.glob("out/prepared/inputs/*")
    status, told, errors = genssl.call(home, "lineage", str(joined))
    assert (status, told.count("ImageExampleGen")) == (0, 2), errors


def test_each_domain_of_a_batch_comes_from_its_folder_and_the_direction_is_the_recipes(unpaired):
    home = unpaired[0]
    (joined,) = home.glob("out/prepared/inputs/*")
    folders = {"first": home / "day", "second": home / "night"}
    for source, sign in (("first", 1), ("second", -1)):
        loaded = recipe.load("translation/cyclegan", [*NARROW, f"prepare.source={source}"], folder=folders)
        dataset = data.training(loaded, joined)
        assert len(dataset) == 14 // 2  # the larger domain has two crops of each of 7 photographs
        for batch in dataset.take(3).as_numpy_iterator():
            for name, of in (("first", sign), ("second", -sign)):
                red, _, blue = batch[name].astype(int).mean((0, 1, 2))
                assert of * (red - blue) >= 0  # a grey photograph of either has none


def check_pairs(prepared):
    """Crops of both images are of one place: the second is the negative of the first."""
    for split in ("train", "eval"):
        for one in reading.load(prepared, split, features=["first", "second"]).as_numpy_iterator():
            assert np.abs(one["first"].astype(int) + one["second"] - 255).max() <= 1  # resized each on its own


BLESSED = ("--set", "evaluate.bless={error: {max: 2}}")


def test_pix2pix_learns_from_two_folders_matched_by_name(tmp_path):
    write(tmp_path / "day", [scene(number, size) for number, size in enumerate(SIZES)])
    write(tmp_path / "night", [scene(number, size, dark=True) for number, size in enumerate(SIZES)])
    scene(50, (20, 20)).save(tmp_path / "day" / "lonely.png")
    options = ["--data", "first=day", "--data", "second=night", "--set", "data.max_failure_rate=0.6"]
    output, report, metrics, pushed = run(tmp_path, "translation/pix2pix", *options, *BLESSED)
    assert "7 pairs, 1 held out, 3 dead letters" in output
    letters = {row[0]: row[1] for row in Tables(report).rows["dead-letters"][1:]}
    assert set(letters) == {"first/bad_day.png", "first/lonely.png", "second/bad_night.png"}
    (prepared,) = tmp_path.glob("out/prepared/photograph_pairs/*")
    check_pairs(prepared)
    assert {"error", "ratio", "kid"} <= set(metrics["evaluation"]["numbers"])
    assert translated(pushed, scene(7, (16, 16))).size == (16, 16)


def test_pix2pix_reads_images_side_by_side(tmp_path):
    pairs = []
    for number, size in enumerate(SIZES):
        both = Image.new("RGB", (2 * size[0], size[1]))
        both.paste(scene(number, size), (0, 0))
        both.paste(scene(number, size, dark=True), (size[0], 0))
        pairs.append(both)
    write(tmp_path / "facades", pairs)
    loaded = recipe.load("translation/pix2pix", NARROW, folder=tmp_path / "facades")
    (tmp_path / "out").mkdir()
    with recording.begin(Metadata(tmp_path / "out"), loaded.name, "") as record:
        steps = Steps(Console(), record)
        found = data_steps.run(loaded, tmp_path / "out", 1, steps, Console())
    assert steps.done[0].name == "SideBySideExampleGen"
    assert [letter["path"] for letter in found.inputs[""].examples.dead_letters] == ["bad_facades.png"]
    check_pairs(found.prepared.path)
    # What is learnt is what the run above learns from two folders.
    for batch in data.training(loaded, found.prepared.path).take(3).as_numpy_iterator():
        source, target = batch["source"].astype(int), batch["target"]
        assert source.shape == (2, 16, 16, 3)
        assert np.abs(source + target - 255).max() <= 1
        assert source[..., 0].mean() >= source[..., 2].mean()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            [
                "",
            ],
            "the recipe has the inputs first and second: give --data first=DIR --data second=DIR",
        ),
        (["first"], "the recipe has the inputs first and second"),
        (["first", "second", "third"], "the recipe has the inputs first and second"),
    ],
)
def test_inputs_are_given_by_the_names_of_the_recipe(tmp_path, names, message):
    with pytest.raises(UserError, match=message):
        recipe.load("translation/cyclegan", folder=dict.fromkeys(names, tmp_path))
