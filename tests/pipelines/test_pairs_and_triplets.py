"""Training from pairs and triplets on disk: drawn from labels, and those of a user's own table."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import data as reading
from keras_genssl import losses, metrics
from keras_genssl.pretext import encode_png
from pipelines import tasks
from pipelines.beam.shards import Record
from pipelines.console import Console
from pipelines.data import examples_picture
from pipelines.data.preparations.groups import Pairs
from pipelines.data.prepare_given_pairs import prepare_given_pairs
from pipelines.errors import UserError
from pipelines.recipe.method import DatasetInfo
from pipelines.run import data_steps, reporting
from pipelines.run import loading as recipe
from pipelines.run.steps import Steps
from pipelines.runtime import recording
from pipelines.runtime.metadata import Metadata
from pipelines.tasks.representation import data, pairs
from pipelines.training import trainer, weights
from tests.pipelines import digits, genssl
from tests.pipelines.data.statistics import examples as tiny

SIAMESE, TRIPLETS = "fashion_mnist/siamese", "fashion_mnist/triplet_from_disk"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("pairs")
    digits.write_folder(home / "photos", count=12, classes=2)
    return home


@pytest.mark.parametrize(
    ("name", "draw", "fields"),
    [
        (SIAMESE, reading.pairs, ("first", "second", "label")),
        (TRIPLETS, reading.triplets, ("anchor", "positive", "negative")),
    ],
)
def test_a_recipe_draws_from_labels_shows_learns_and_is_judged_on_whole_images(home, name, draw, fields):
    changes = ["prepare.copies=3", "prepare.seed=7", "model.encoder.filters=2", "model.embedding_dim=3"]
    loaded = recipe.load(name, [*changes, "train.batch_size=4", "train.steps=2"], folder=home / "photos")
    (home / "out").mkdir(exist_ok=True)
    with recording.begin(Metadata(home / "out"), name, "c") as record:
        steps = Steps(Console(), record)
        found = data_steps.run(loaded, home / "out", 1, steps, Console())
    number = found.inputs[""].examples.manifest["splits"]["train"]["records"]
    (step,) = [step for step in steps.done if step.name == "PrepareGroups"]
    assert step.summary == f"{loaded.prepare.preparation}: {3 * number} to train on, 0 dead letters"
    assert found.judged.manifest["labels"] == ["digit_0", "digit_1"]
    assert set(found.judged.manifest["splits"]) == {"train", "eval"}
    told = reporting.statistics(tasks.of(loaded), found.inputs[""].examples, found.prepared)
    assert (told["images to train on"], told[f"{loaded.prepare.preparation} to train on"]) == (number, 3 * number)
    assert "classes" not in told

    images = list(reading.load(found.judged.path, "train", shuffle=False).as_numpy_iterator())
    drawn = draw([one["label"] for one in images], 3 * number, seed=7)
    on_disk = list(reading.load(found.prepared.path, "train", shuffle=False).as_numpy_iterator())
    for position, one in enumerate(on_disk):
        for field, ids in drawn.members.items():
            np.testing.assert_array_equal(one[field], images[ids[position]]["image"])

    sheet = np.asarray(Image.open(found.prepared.path / examples_picture.FILE))[..., 0]
    shown = sheet[8 : 8 + 56, 8:]  # the first example, twice enlarged, its images two pixels apart
    (first, *_) = [one for one in on_disk if one.get("label", 0) == 0]
    for number, field in enumerate(drawn.members):
        expected = first[field][..., 0].repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(shown[:, number * 58 : number * 58 + 56], expected)

    loaded = trainer.complete(loaded, DatasetInfo(len(on_disk)), lambda: False)
    keras.utils.set_random_seed(0)  # with so few filters, some draws of weights are dead
    model = weights.build(loaded)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, found.prepared.path)))
    assert set(batch) == set(fields)
    before = [weight.numpy() for weight in loaded.model.served(model).trainable_weights]
    assert np.isfinite(model.train_step(batch)["loss"])
    assert any((old != new.numpy()).any() for old, new in zip(before, model.encoder.trainable_weights, strict=True))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (SIAMESE, "prepare={}", "must be pairs for PairEmbeddingModel. Received: images"),
        (TRIPLETS, "prepare.preparation=pairs", "must be triplets for TripletEmbeddingModel. Received: pairs"),
        (SIAMESE, "model.loss={kind: npairs}", "`model.loss` is read only with `method: EmbeddingModel`"),
        (SIAMESE, "train.classes_per_batch=2", "is for methods that learn from labels. Received: model.method=PairEmb"),
        (SIAMESE, "data={source: pairs}", "`source: pairs` needs `table`, or `--data TABLE.csv` on the command line"),
        (SIAMESE, "data={table: pairs.csv}", "`data.table` is read only with `source: pairs`"),
        (SIAMESE, "data={source: pairs, table: a.csv, held_out: [b]}", "give it a column `split`"),
        (TRIPLETS, "data={source: pairs, table: a.csv}", "`prepare.preparation: triplets` is made of images: "),
    ],
)
def test_faults_name_place_key_and_rule(name, change, message):
    with pytest.raises(UserError) as error:
        recipe.load(name, [change])
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("{kind: contrastive_batch_all, margin: 0.5, distance_metric: squared-L2}",
         losses.ContrastiveBatchAllLoss(0.5, "squared-L2")),
        ("{kind: lifted_struct, margin: 0.75}", losses.LiftedStructLoss(0.75)),
    ],
)  # fmt: skip
def test_the_section_loss_is_the_loss(loss, expected):
    loaded = recipe.load("fashion_mnist/triplet", [f"model.loss={loss}"])
    built = loaded.model.loss.build(3, 4)
    assert type(built) is type(expected)
    assert built.get_config() | {"name": ""} == expected.get_config() | {"name": ""}


def _table(directory, levels, size=8):
    """Pairs of grey squares, as `pair_example_gen` writes them: split -> (first, second, label) of each."""

    def square(level):
        return encode_png(tiny.constant(level, size, size))

    splits = {
        split: [[
            Record({"key": b"k%d" % number, "name": b"t.csv:%d" % number, "first": square(one), "second": square(other),
                    "label": label}, {"label": label})
            for number, (one, other, label) in enumerate(rows)
        ]]
        for split, rows in levels.items()
    }  # fmt: skip
    kinds = {"key": "text", "name": "text", "first": "grey", "second": "grey", "label": "label"}
    return tiny.write(directory, splits, kinds, ("same", "different"))


def test_the_score_of_pairs_is_the_share_of_comparisons_won(tmp_path):
    written = _table(tmp_path, {"eval": [(0, 60, 0), (0, 200, 1), (100, 250, 0), (90, 0, 1)]})

    def angle(images):
        turned = (images[:, 0, 0, 0] + 1) / 2  # at most one radian apart
        return np.stack([np.cos(turned), np.sin(turned)], axis=1)

    # The same are 60 and 150 levels apart, the different ones 200 and 90: only 150 against 90 is lost.
    assert pairs.scores({"angle": angle}, written.path, limit=4) == {"angle": {"pair_roc_auc": 0.75}}
    assert pairs.scores({"angle": angle}, written.path, limit=1) == {"angle": {}}


def test_pairs_of_a_table_are_kept_and_those_of_one_kind_refused(tmp_path):
    rows = [(1, 2, 0), (3, 4, 1)]
    made = prepare_given_pairs(_table(tmp_path / "in", {"train": rows, "eval": rows}), tmp_path / "out", Pairs(size=12))
    for split in ("train", "eval"):
        found = list(reading.load(made.path, split, shuffle=False).as_numpy_iterator())
        assert [(one["first"].max(), one["second"].min(), one["label"]) for one in found] == rows
        assert found[0]["first"].shape == found[0]["second"].shape == (12, 12, 1)
    with pytest.raises(UserError, match=r"'eval' must hold pairs of the same and of different .*: 1 same, 0 different"):
        prepare_given_pairs(
            _table(tmp_path / "one", {"train": rows, "eval": rows[:1]}), tmp_path / "out", Pairs(size=8)
        )
    with pytest.raises(
        UserError, match=r"4 of 4 inputs could not be used(.|\n)*t.csv:0: ValueError: first: 8 x 8 pixels"
    ):
        prepare_given_pairs(_table(tmp_path / "in", {"train": rows, "eval": rows}), tmp_path / "out", Pairs(size=30))


def test_own_pairs_become_a_model_that_tells_alike_from_different(tmp_path):
    images, labels = digits.digits()
    zeros, ones = (np.flatnonzero(labels == digit)[:24] for digit in (0, 1))
    for number in (*zeros, *ones):
        Image.fromarray(images[number]).save(tmp_path / f"{number}.png")
    rows = [
        (one, other, word, "train" if k < 8 else "eval")
        for k in range(12)
        for mine, others in ((zeros, ones), (ones, zeros))
        for one, other, word in ((mine[k], mine[k + 12], "same"), (mine[k], others[k + 12], "different"))
    ]
    lines = [f"{one}.png,{other}.png,{word},{split}" for one, other, word, split in rows]
    (tmp_path / "pairs.csv").write_text("\n".join(["first,second,label,split", *lines]))
    changes = ["model.encoder.filters=2", "model.embedding_dim=3", "train.steps=3", "train.batch_size=8"]
    changes += ["evaluate.bless={pair_roc_auc_over_random: {min: -1}}"]
    arguments = [part for change in changes for part in ("--set", change)]
    status, output, errors = genssl.call(tmp_path, "run", SIAMESE, "--data", "pairs.csv", *arguments)
    assert status == 0, output + errors
    (written,) = tmp_path.glob("out/runs/fashion_mnist/siamese/*/metrics.json")
    evaluation = json.loads(written.read_text())["evaluation"]
    over = {f"pair_roc_auc_over_{name}" for name in ("pixels", "pca", "random")}
    assert set(evaluation["numbers"]) == {"pair_roc_auc", *over}
    page = (written.parent / "report.html").read_text()
    assert "of 16 held-out pairs" in page
    assert "Classifiers learn from" not in page

    served = tf.saved_model.load(str(tmp_path / "out" / "saved_models" / "fashion_mnist_siamese" / "1"))
    asked = [(tmp_path / f"{number}.png").read_bytes() for row in rows if row[3] == "eval" for number in row[:2]]
    vectors = served.signatures["serving_default"](image_bytes=tf.constant(asked))["vector"].numpy()
    alike = metrics.pair_similarities(vectors, np.arange(0, 32, 2), np.arange(1, 32, 2))
    same = np.array([row[2] == "same" for row in rows if row[3] == "eval"])
    one_comparison = 1 / 64  # of eight with eight
    assert metrics.roc_auc(alike, same) == pytest.approx(evaluation["numbers"]["pair_roc_auc"], abs=one_comparison)
