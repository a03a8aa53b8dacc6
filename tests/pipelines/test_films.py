"""Films that lie as folders of frames: drawn tuples, what a run makes of them, and what is shown."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_genssl import data as reading
from keras_genssl import pretext
from pipelines.beam.shards import hash64
from pipelines.data import examples_picture
from pipelines.data.example_gen.frames import frame_example_gen
from pipelines.data.preparations.frame_tuples import FrameTuples
from pipelines.data.prepare_sequences import prepare_sequences
from pipelines.errors import UserError
from pipelines.run import finding
from pipelines.run import loading as recipe
from tests.pipelines import genssl

RECIPE = "photographs/shuffle_and_learn"
FRAMES, SIZE, CROP, COPIES = 11, 24, 20, 5
TUPLES = FrameTuples(size=SIZE, crop=CROP, copies=COPIES, seed=3, max_span=6, min_distance=2, negatives=0.5)


def write_film(folder, down, right, start, count=FRAMES):
    """A square of 6 pixels that moves a pixel each frame, by names without leading zeros."""
    folder.mkdir(parents=True)
    for number in range(count):
        frame = np.full((28, 24, 3), 40, np.uint8)
        top, left = start + number * down, start + number * right
        frame[top : top + 6, left : left + 6] = [250, 20 * number, 10 * start]
        Image.fromarray(frame).save(folder / f"f{number + 1}.png")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two films of each of two movements."""
    home = tmp_path_factory.mktemp("films")
    for start, name in enumerate(["a", "b"], 2):
        write_film(home / "films" / "down" / name, 1, 0, start)
        write_film(home / "films" / "right" / name, 0, 1, start)
    return home


def expected(whole, key, copy):
    """The tuple that the pure function draws of a film's square frames."""
    films = {name: image for name, image in whole.items() if name.startswith(f"{key}-")}
    frames = np.stack([films[name] for name in sorted(films)])
    settings = {"max_span": 6, "min_distance": 2, "negatives": 0.5, "size": CROP}
    return pretext.frame_order({"frames": frames}, hash64(f"{key}-{copy}", "pretext-3"), **settings)


def test_a_run_learns_from_folders_of_frames_and_is_judged_on_whole_frames(home):
    changes = [
        "data.source=frames",
        "data.held_out=[down/b, right/b]",
        f"prepare={{preparation: frame_tuples, size: {SIZE}, crop: {CROP}, copies: {COPIES}, seed: 3, max_span: 6, "
        "min_distance: 2, negatives: 0.5}",
        "model.encoder.filters=2",
        "train={steps: 2, batch_size: 4, learning_rate: {schedule: constant, initial: 0.001}}",
        "evaluate={images: 8, known: 8, bless: {knn_over_random: {min: -1}}}",
    ]
    arguments = [part for change in changes for part in ("--set", change)]
    status, output, errors = genssl.call(home, "run", RECIPE, "--data", "films", *arguments)
    assert status == 0, output + errors
    assert "22 frames, 22 held out, 0 dead letters" in output
    assert "frame_tuples: 10 to train on, 10 held out, 0 dead letters" in output
    (written,) = home.glob("out/runs/photographs/shuffle_and_learn/*/metrics.json")
    metrics = json.loads(written.read_text())
    steps = [step["name"] for step in metrics["components"]]
    assert steps[0] == "FrameExampleGen"
    assert "PrepareSequences" in steps
    assert {"knn", "knn_over_random", "knn_over_pixels"} <= set(metrics["evaluation"]["numbers"])

    (prepared,) = home.glob("out/prepared/frame_tuples/*")
    (judged,) = home.glob("out/prepared/images/*")
    assert json.loads((judged / "manifest.json").read_text())["labels"] == ["down", "right"]
    for split, film in (("train", "a"), ("eval", "b")):
        whole = {
            one["key"].decode().rpartition("-")[0]: one["image"]
            for one in reading.load(judged, split, shuffle=False).as_numpy_iterator()
        }
        found = list(reading.load(prepared, split, shuffle=False).as_numpy_iterator())
        assert {one["name"].decode() for one in found} == {f"down/{film}", f"right/{film}"}
        for one in found:
            key, copy = one["key"].decode().rsplit("-", 1)
            made = expected(whole, key, int(copy))
            np.testing.assert_array_equal(one["frames"], made["frames"])
            assert one["ordered"] == made["ordered"]

    status, output, errors = genssl.call(home, "lineage", str(prepared))
    assert status == 0, errors
    assert "FrameExampleGen" in output
    sheet = np.asarray(Image.open(prepared / examples_picture.FILE))
    first = next(one for one in reading.load(prepared, shuffle=False).as_numpy_iterator() if not one["ordered"])
    zoom, step = 64 // CROP, 64 // CROP * CROP + 2
    for number, frame in enumerate(first["frames"]):  # in a row, enlarged, the number below
        shown = sheet[8 : 8 + zoom * CROP, 8 + number * step : 8 + number * step + zoom * CROP]
        np.testing.assert_array_equal(shown, frame.repeat(zoom, 0).repeat(zoom, 1))


def test_films_without_folders_of_classes_have_no_label_and_those_that_cannot_be_prepared_are_dead_letters(tmp_path):
    for start, name in enumerate(["one", "two", "three"]):
        write_film(tmp_path / "in" / name, 1, 0, start)
    write_film(tmp_path / "in" / "still", 0, 0, 3)  # only its colour moves
    write_film(tmp_path / "in" / "short", 1, 1, 3, count=4)
    made = frame_example_gen(tmp_path / "in", tmp_path / "out", {"eval": ["two"]}, labels=True)
    assert "label" not in made.manifest["features"]
    assert made.manifest["sequences"] == {"eval": 1, "train": 4}
    drawn = prepare_sequences(made, tmp_path / "tuples", TUPLES)
    assert [(letter["path"], letter["stage"]) for letter in drawn.dead_letters] == [("short", "prepare")]
    assert "must hold at least 3 + `min_distance` = 5 frames. Received: 4" in drawn.dead_letters[0]["message"]
    assert drawn.manifest["splits"]["train"]["records"] == 3 * COPIES
    with pytest.raises(UserError, match=r"1 of 5 inputs could not be used, more than `max_failure_rate`=0.1 allows"):
        prepare_sequences(made, tmp_path / "tuples", TUPLES, max_failure_rate=0.1)
    with pytest.raises(UserError, match=r"are drawn from folders of frames \(`data.source: frames`\)"):
        prepare_sequences(drawn, tmp_path / "tuples", TUPLES)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"crop": 25}, "`crop` must be at most `size`. Received: crop=25, size=24"),
        ({"min_distance": 61}, "`min_distance` must be at most `max_span`"),
    ],
)
def test_fields_that_do_not_go_together_are_refused_before_any_film(parameters, message):
    with pytest.raises(ValueError, match=message):
        FrameTuples(**{"size": 24, "crop": 20, **parameters}).check()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["prepare={preparation: frame_tuples}"], "`data.source` must be frames. Received: dataset"),
        (["data={source: frames}"], "`source: frames` needs `folder`, or `--data DIR`"),
        (
            ["data={source: dataset, dataset: a, folder: b}"],
            "`data.folder` is read only with `source: folder or frames or side_by_side`",
        ),
    ],
)
def test_faults_name_key_and_rule(changes, message):
    with pytest.raises(UserError) as error:
        recipe.load(RECIPE, changes)
    assert message in str(error.value)


def test_own_data_of_a_recipe_of_films_are_films(tmp_path):
    text = (
        finding.find(RECIPE)
        .read_text()
        .replace("source: dataset", "source: frames")
        .replace("dataset: emb", "folder: emb")
    )
    (tmp_path / "mine.yaml").write_text(text)
    loaded = recipe.load(str(tmp_path / "mine.yaml"), folder=tmp_path)
    assert (loaded.data.source, loaded.data.folder) == ("frames", str(tmp_path.resolve()))
