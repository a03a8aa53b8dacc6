"""The task of representation: what recipes may say, what training reads, numbers of features made by hand."""

import json
import types

import keras
import numpy as np
import pytest
import tensorflow_datasets as tfds

import keras_genssl as kg
from keras_genssl import metrics
from pipelines import results
from pipelines.errors import UserError
from pipelines.recipe.method import DatasetInfo
from pipelines.run import loading as recipe
from pipelines.runtime import code, definitions
from pipelines.tasks.representation import data, reference, sheets
from pipelines.tasks.representation.features import Labelled
from pipelines.tasks.representation.numbers import NUMBERS
from pipelines.tasks.representation.recipe import Evaluate
from pipelines.tasks.representation.scores import scores
from pipelines.training import trainer, weights
from tests.data.prepared import write_prepared

SIMCLR, TRIPLET = "fashion_mnist/simclr", "fashion_mnist/triplet"
EVALUATE = Evaluate(neighbours=3, labels_per_class=2)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (SIMCLR, "model.method=SimCLRv2", "Received: 'SimCLRv2'. Did you mean `SimCLR`?"),
        (SIMCLR, "model.views.blurr=1.0", "`model.views.blurr` is not a known key. Did you mean `blur`?"),
        (SIMCLR, "model.views.crop=[1.0, 0.5]", "`crop` must be the least and the largest share, in (0, 1]. Received"),
        (SIMCLR, "model.second_views={}", "`model.second_views` is read only with `method: BYOL or BarlowTwins`"),
        (SIMCLR, "model.encoder.stem=small", "`stem` is that of resnet18 and resnet50. Received: network=small"),
        (SIMCLR, "train.classes_per_batch=2", "is for methods that learn from labels. Received: model.method=SimCLR"),
        (SIMCLR, "evaluate.bless={knn_over_pixel: {min: 0}}", "Did you mean `knn_over_pixels`?"),
        (TRIPLET, "model.loss={kind: triplet_hrad}", "`model.loss.kind` must be one of 'triplet_semi_hard'"),
        (TRIPLET, "model.loss={kind: arcface, margn: 1}", "`model.loss.margn` is not a known key. Did you"),
        (TRIPLET, "train.batch_size=7", "`batch_size` must be a multiple of `classes_per_batch`=10. Received: 7"),
        (TRIPLET, "train.classes=[0, 1]", "`classes` needs `classes_per_batch`, at most as many."),
    ],
)
def test_faults_name_place_key_rule_and_nearest(name, change, message):
    with pytest.raises(UserError) as error:
        recipe.load(name, [change])
    assert message in str(error.value)


def test_numbers_of_the_data():
    byol, triplet = recipe.load("fashion_mnist/byol").model, recipe.load(TRIPLET).model
    assert byol.with_dataset_info(DatasetInfo(1280)).num_examples == 1280
    assert triplet.with_dataset_info(DatasetInfo(1280, 3)).num_classes == 3


def test_byol_counts_the_steps_of_its_training():
    changes = ["model.encoder.filters=1", "train.steps=null", "train.epochs=3", "train.batch_size=100"]
    loaded = trainer.complete(recipe.load("fashion_mnist/byol", changes), DatasetInfo(1280), lambda: False)
    momentum = weights.build(loaded).momentum
    assert (momentum.initial, momentum.steps) == (0.97, 36)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """60 images of the classes 0 to 9 in turn."""
    rng = np.random.default_rng(0)
    examples = [{"image": rng.integers(256, size=(28, 28, 1), dtype=np.uint8), "label": i % 10} for i in range(60)]
    features = {"image": tfds.features.Image(shape=(28, 28, 1)), "label": tfds.features.ClassLabel(num_classes=10)}
    return write_prepared(tmp_path_factory.mktemp("representation") / "prepared", {"train": examples}, features)


@pytest.mark.parametrize(
    ("name", "changes", "fields"),
    [
        ("moco", ["model.queue_size=4"], {"image"}),
        ("instance_discrimination", [], {"image", "index"}),
        ("byol", ["model.second_views={solarize: 1.0}"], {"image"}),
        ("simsiam", [], {"image"}),
        ("barlow_twins", ["model.head_dim=4"], {"image"}),
        ("vicreg", ["model.head_dim=4"], {"image"}),
        ("triplet_unseen", ["train.classes=[1, 3, 5]", "train.classes_per_batch=2"], {"image", "label"}),
        ("classifier", [], {"image", "label"}),
    ],
)
def test_every_recipe_reads_what_its_method_takes_and_learns_in_one_step(prepared, name, changes, fields):
    narrow = ["model.encoder.filters=1", "train.batch_size=8", "train.steps=4"]
    loaded = trainer.complete(
        recipe.load(f"fashion_mnist/{name}", [*narrow, *changes]), DatasetInfo(60, 10), lambda: False
    )
    model = weights.build(loaded)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    batch = next(iter(data.training(loaded, prepared)))
    assert set(batch) == fields
    if loaded.train.classes is not None:
        present, counts = np.unique(batch["label"], return_counts=True)
        assert set(present) < {1, 3, 5}
        assert counts.tolist() == [4, 4]
    if name == "triplet_unseen":
        images = batch["image"].numpy().astype("float32") / 127.5 - 1
        kernel, bias = model.encoder.get_layer("embedding").get_weights()
        embedded = np.array(loaded.model.penultimate(model)(images)) @ kernel + bias
        embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
        np.testing.assert_allclose(model.encode(images), embedded, rtol=1e-4, atol=1e-5)
    before = [weight.numpy() for weight in loaded.model.served(model).trainable_weights]
    assert np.isfinite(model.train_step(batch)["loss"])
    after = [weight.numpy() for weight in model.encoder.trainable_weights]
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    pairs = {"byol": [False, True]}
    views = model.views if isinstance(getattr(model, "views", None), list) else []
    assert [any(isinstance(part, kg.views.Solarize) for part in view.views) for view in views] == pairs.get(name, [])


def test_too_few_classes_are_told(prepared):
    def training(*changes):
        loaded = recipe.load("fashion_mnist/triplet_unseen", list(changes))
        return data.training(trainer.complete(loaded, DatasetInfo(60, 10), lambda: False), prepared)

    with pytest.raises(UserError, match=r"train.batch_size=160: `num_classes` must not exceed the number of classes"):
        training()
    with pytest.raises(UserError, match=r"must leave two classes at least unseen. Received: 9 of 10"):
        training("train.classes=[0, 1, 2, 3, 4, 5, 6, 7, 8]", "train.batch_size=10")


# Two classes along two directions, and one of class 1 that lies with class 0.
JUDGED = Labelled(np.array([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0], [1.0, 0.2]]), np.array([0, 0, 1, 1, 1]))
KNOWN = Labelled(np.array([[1.0, 0.0], [1.0, 0.05], [0.0, 1.0], [0.05, 1.0]]), np.array([0, 0, 1, 1]))


def test_scores_of_features_made_by_hand():
    found = scores(EVALUATE, None, JUDGED, KNOWN)
    assert found["knn"] == found["linear"] == found["few_label"] == 0.8  # all but the stray one
    assert found["few_label_deviation"] == 0.0
    assert found["recall_at_1"] == pytest.approx(3 / 5)  # the stray one takes the first of class 0 with it
    joint, marginal = np.array([[2, 0], [1, 2]]) / 5, [(0.4, 0.6), (0.6, 0.4)]
    mutual = sum(
        joint[i, j] * np.log(joint[i, j] / (marginal[0][i] * marginal[1][j]))
        for i in (0, 1) for j in (0, 1) if joint[i, j]
    )  # fmt: skip
    entropy = -(0.4 * np.log(0.4) + 0.6 * np.log(0.6))  # of the classes and of the clusters
    assert found["nmi"] == pytest.approx(mutual / entropy)


def test_scores_of_unseen_classes_are_those_of_the_others_alone():
    seen = Labelled(np.array([[0.7, 0.7], [0.7, 0.6]]), np.array([5, 5]))
    judged = Labelled(np.concatenate([seen.vectors, JUDGED.vectors]), np.concatenate([seen.labels, JUDGED.labels]))
    found = scores(EVALUATE, [5], judged, None)
    assert found["seen_recall_at_1"] == 1.0
    assert found["unseen_recall_at_1"] == pytest.approx(3 / 5)
    first, second, same = metrics.verification_pairs(JUDGED.labels, 8, 0)  # all four of one class, as many of two
    angles = np.arctan2(JUDGED.vectors[:, 1], JUDGED.vectors[:, 0])
    near = -np.abs(angles[first] - angles[second])
    assert found["unseen_roc_auc"] == np.mean([(a > b) for a in near[same] for b in near[~same]])
    # One image of each class: [1, 0.2] is wrong, or where it stands for class 1, whoever is nearer to it.
    draws = [metrics.labelled_subset(JUDGED.labels, 1, seed) for seed in range(20)]
    right = []
    for zero, one in draws:
        asked = [i for i in range(5) if i not in (zero, one)]
        nearer = [int(abs(angles[i] - angles[one]) < abs(angles[i] - angles[zero])) for i in asked]
        right.append(np.mean(nearer == JUDGED.labels[asked]))
    assert found["unseen_one_shot"] == pytest.approx(np.mean(right))
    assert found["unseen_one_shot_deviation"] == pytest.approx(np.std(right, ddof=1))
    pure = scores(EVALUATE, [5], Labelled(judged.vectors[:6], judged.labels[:6]), None)
    assert (pure["unseen_roc_auc"], pure["unseen_one_shot"], pure["unseen_one_shot_deviation"]) == (1.0, 1.0, 0.0)


def test_nothing_is_measured_without_labels_and_few_labels_need_enough():
    assert scores(EVALUATE, None, Labelled(JUDGED.vectors, None), None) == {}
    few = scores(Evaluate(labels_per_class=3), None, JUDGED, KNOWN)
    assert set(few) == {"knn", "linear", "recall_at_1", "nmi"}


def test_queries_of_the_sheet_are_the_first_of_each_class_that_counts():
    labels = np.array([3, 1, 3, 0, 1])
    assert sheets._queries(5, labels, None).tolist() == [3, 1, 0]
    assert sheets._queries(5, labels, [3]).tolist() == [3, 1]
    assert sheets._queries(5, None, None).tolist() == [0, 1, 2, 3, 4]


def _record(name, method, few, encoder="small", **more):
    numbers = {"knn": few + 0.1, "few_label": few, "few_label_deviation": 0.0125, "nmi": 0.5, "knn_over_pca": 0.1}
    return {
        "kind": "representation", "recipe": name, "command": f"genssl run {name}", "seed": 0, "seconds": 300.4,
        "phases": {"training": 450}, "device": "2 CPU cores", "versions": {"keras": "3.15.1"}, "data": "fashion_mnist",
        "parameters": {
            "model": {"method": method, "encoder": {"network": encoder, "filters": 32}, **more},
            "prepare": {"size": 28, "channels": 1},
        },
        "images": 10000, "known": 60000, "classes": None, "neighbours": 20, "labels_per_class": 10, "components": 64,
        "dim": 128, "numbers": numbers, "penultimate": None,
        "baselines": {"pixels": {"knn": 0.85}, "pca": {}, "random": {"knn": 0.8, "few_label": 0.6}},
    }  # fmt: skip


def test_all_methods_stand_in_one_table_above_the_baselines_the_best_first():
    triplet = _record("a/triplet", "EmbeddingModel", 0.8, loss={"kind": "triplet_semi_hard"})
    triplet |= {"penultimate": {"knn": 0.875}, "dim": 64}
    text = results.sections()["representation"]([_record("a/simclr", "SimCLR", 0.7), triplet])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    head, _, best, below, second, pixels, random = rows
    assert head == [
        "recipe",
        "method",
        "encoder",
        "width",
        "steps",
        "seconds",
        "kNN",
        "10 labels a class",
        "k-means NMI",
    ]
    assert best == ["`a/triplet`", "EmbeddingModel, triplet semi hard", "small, 32 filters", "64", "450", "300",
                    "90.0%", "80.0% ± 1.2", "0.500"]  # fmt: skip
    assert below == ["`a/triplet`, below the embedding", *[""] * 5, "87.5%", "", ""]
    assert second[6:8] == ["80.0%", "70.0% ± 1.2"]
    assert pixels == ["", "raw pixels", *[""] * 4, "85.0%", "", ""]
    assert random == ["", "random encoder", "small, 32 filters", "", "", "", "80.0%", "60.0%", ""]
    unseen = _record("a/unseen", "EmbeddingModel", 0.5) | {"classes": [0, 2]}
    assert "trained on the classes 0 2" in results.sections()["representation"]([unseen])
    assert results.sections()["representation"]([triplet, unseen]).count("## ") == 2


def test_random_encoders_that_differ_have_a_row_each():
    plain, layered, own = (_record(f"a/{name}", name, 0.7) for name in ("SimCLR", "CPC", "Colorization"))
    layered["parameters"]["model"]["encoder"]["normalization"] = "layer"
    for value, knn in ((layered, 0.7), (own, 0.6)):
        value["baselines"] = {**plain["baselines"], "random": {**plain["baselines"]["random"], "knn": knn}}
    text = results.sections()["representation"]([plain, layered, own, plain])
    rows = [line.strip("|").split("|") for line in text.splitlines() if "|  | random" in line]
    assert [(row[2].strip(), row[6].strip()) for row in rows] == [
        ("small, 32 filters, layer normalisation", "70.0%"),
        ("small of Colorization, 32 filters", "60.0%"),
        ("small, 32 filters", "80.0%"),
    ]


def test_what_does_not_beat_the_random_encoder_is_said():
    good, bad = _record("a/good", "SimCLR", 0.75), _record("a/bad", "Rotation", 0.6)
    bad["numbers"]["knn"] = 0.79
    text = results.sections()["representation"]([good, bad])
    assert text.count("does not beat the random encoder") == 1
    assert (
        "`a/bad` does not beat the random encoder by kNN (79.0% against 80.0%) and 10 labels a class "
        "(60.0% ± 1.2 against 60.0%).\n"
    ) in text


def test_summary_is_of_the_number_that_counts():
    value = _record("a/simclr", "SimCLR", 0.7)
    assert NUMBERS.summary(value) == "10 labels a class 70.0% ± 1.2 (random encoder 60.0%)"
    assert NUMBERS.summary(value | {"numbers": {"knn": 0.5}}) == "kNN 50.0% (raw pixels 85.0%, random encoder 80.0%)"


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        ("keras_genssl.models.pretext.rotation", []),
        ("pipelines.tasks.representation.methods.pretext", []),
        ("pipelines.tasks.representation.sheets", []),
        ("keras_genssl.backbones.small", ["random"]),
        ("pipelines.tasks.representation.methods.encoders", ["random"]),
        ("keras_genssl.analysis.pca", ["pixels"]),
        ("pipelines.tasks.representation.scores", ["pixels", "random"]),
    ],
)
def test_baselines_are_measured_again_only_for_code_that_they_depend_on(module, changed, tmp_path, monkeypatch):
    def keys():
        made = []
        monkeypatch.setattr(
            reference.store,
            "make",
            lambda path, inputs, build: made.append(path.name) or types.SimpleNamespace(result={"baselines": {}}),
        )
        code.tree.cache_clear()
        reference.reference(recipe.load("fashion_mnist/rotation"), tmp_path, "content", tmp_path)
        return dict(zip(("pixels", "random"), made, strict=True))

    before, said = keys(), definitions.Tree._said

    def changed_said(tree, definition):
        digest, stands_on = said(tree, definition)
        return f"{digest} changed" if definition.module == module else digest, stands_on

    monkeypatch.setattr(definitions.Tree, "_said", changed_said)
    after = keys()
    code.tree.cache_clear()
    assert [name for name in before if before[name] != after[name]] == changed


@pytest.mark.parametrize(("records", "compared"), [(4, True), (4070, False)])
def test_pixels_are_compared_where_they_are_few_or_images_are(records, compared, tmp_path, monkeypatch):
    loaded = recipe.load("photographs/simclr")  # 12,288 numbers an image, more than 4,096; with 4,070 images 50,012,160
    (tmp_path / "manifest.json").write_text(json.dumps({"splits": {"train": {"records": records}}}))
    rng = np.random.default_rng(0)
    monkeypatch.setattr(reference.images, "read", lambda *_: {"image": rng.integers(0, 256, (4, 64, 64, 3), np.uint8)})
    monkeypatch.setattr(reference, "measured", lambda _, functions, __: {name: {} for name in functions})
    found = reference._simple(loaded, tmp_path)
    assert found == ({"baselines": {"pixels": {}, "pca": {}}, "components": 2} if compared else {"baselines": {}})
