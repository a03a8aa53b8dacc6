import json

import numpy as np
import pytest

from pipelines.data.statistics.statistics_gen import FILE, statistics_gen
from pipelines.data.validation import data_schema, distances, example_validator
from pipelines.data.validation.data_schema import DataSchema
from pipelines.data.validation.schema_gen import FILE as SCHEMA
from pipelines.data.validation.schema_gen import infer, schema_gen
from pipelines.data.validation.section import Validate
from pipelines.errors import UserError
from tests.pipelines.data.statistics import examples as tiny


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    planted = tiny.noise(1)
    splits = {
        "train": [[tiny.record("a", tiny.constant(100)), tiny.record("b", planted, 1)]],
        "eval": [[tiny.record("g", planted, 1), tiny.record("h", tiny.constant(60))]],
    }
    home = tmp_path_factory.mktemp("out")
    return statistics_gen(tiny.write(home / "examples", splits), home / "statistics")


@pytest.fixture
def statistics(artifact):
    return json.loads((artifact.path / FILE).read_text())


@pytest.fixture
def schema(statistics):
    return infer(statistics)


def _found(statistics, schema, **validate):
    return [
        (anomaly.rule, anomaly.split, anomaly.feature, anomaly.received, anomaly.names)
        for anomaly in example_validator.anomalies(statistics, schema, Validate(**validate))
        if anomaly.rule != "leak"
    ]


def _changed(schema, **changes):
    return DataSchema.model_validate(schema.model_dump() | changes)


def test_an_inferred_schema_has_a_quarter_of_slack_and_is_exact_where_all_are_equal(artifact, statistics, tmp_path):
    made = schema_gen(artifact, tmp_path)
    schema = data_schema.load(made.path / SCHEMA)
    assert schema == infer(statistics)
    rules = schema.images["image"]
    assert (rules.height.min, rules.height.max) == (6, 20)  # 8 * 0.75, 16 * 1.25
    level = float(np.round(tiny.noise(1).mean(), 3))
    assert (rules.brightness.min, rules.brightness.max) == (60 - 16, np.ceil(level + 16))
    assert rules.channels == [1]
    assert schema.labels == ["cat", "dog"]
    assert schema.shares["train"].labels == {"cat": 0.5, "dog": 0.5}
    for split in statistics["splits"].values():
        split["images"]["image"]["height"] |= {"min": 16, "max": 16}
    assert infer(statistics).images["image"].height == data_schema.Range(min=16.0, max=16.0)


def test_data_has_no_anomaly_by_its_own_schema_but_for_the_leak(artifact, schema, tmp_path):
    made = example_validator.example_validator(artifact, schema, Validate(), tmp_path)
    (leak,) = example_validator.read(made)
    assert example_validator.sentence(leak) == (
        "leak: `image` of split train, eval must have no image in both. Received: 1 pair of nearly equal images (b = g)"
    )
    assert leak["severity"] == "warning"
    strict = example_validator.example_validator(artifact, schema, Validate(leak="error"), tmp_path)
    assert [anomaly["severity"] for anomaly in example_validator.read(strict)] == ["error"]
    silent = example_validator.example_validator(artifact, schema, Validate(leak="ignore"), tmp_path)
    assert example_validator.read(silent) == []


def test_each_broken_rule_names_split_feature_what_came_and_examples(statistics, schema):
    rules = schema.images["image"].model_dump()
    one = {"min": 16.0, "max": 16.0}
    assert _found(statistics, _changed(schema, images={"image": rules | {"height": one}})) == [
        ("size", "train", "image", "8", ("a",)),
        ("size", "eval", "image", "8", ("h",)),
    ]
    assert _found(statistics, _changed(schema, images={"image": rules | {"channels": [3]}})) == [
        ("channels", "train", "image", "1 channels in 2 images", ("a", "b")),
        ("channels", "eval", "image", "1 channels in 2 images", ("g", "h")),
    ]
    dark = {"min": 0.0, "max": 99.0}
    bright = _found(statistics, _changed(schema, images={"image": rules | {"brightness": dark}}))
    assert [(rule, split, names) for rule, split, _, _, names in bright] == [
        ("brightness", "train", ("b", "a")),
        ("brightness", "eval", ("g",)),
    ]
    assert _found(statistics, _changed(schema, labels=["cat"])) == [
        ("unseen_label", "train", "label", "'dog' in 1 examples", ("b",)),
        ("unseen_label", "eval", "label", "'dog' in 1 examples", ("g",)),
    ]
    missing = _found(statistics, _changed(schema, features={**schema.features, "mask": "grey"}))
    assert missing[0] == ("missing_feature", "train", "mask", "examples of image, key, label, name", ())


def test_missing_features_and_unreadable_images_are_anomalies_of_the_first_run_too(tmp_path):
    bad = [tiny.record("a", tiny.noise(0)), tiny.record("b", None), tiny.record("c", b"no image", label=5)]
    artifact = statistics_gen(tiny.write(tmp_path / "in", {"train": [bad]}), tmp_path / "out")
    statistics = json.loads((artifact.path / FILE).read_text())
    assert _found(statistics, infer(statistics)) == [
        ("missing_feature", "train", "image", "1 of 3 without", ("b",)),
        ("unreadable_image", "train", "image", "1 that no decoder reads", ("c",)),
        ("unseen_label", "train", "label", "'number 5' in 1 examples", ("c",)),
    ]


def test_a_leak_names_every_feature_that_holds_images(tmp_path):
    splits = {
        "train": [[tiny.pair("p", tiny.noise(0), tiny.noise(1))]],
        "eval": [[tiny.pair("q", tiny.noise(2), tiny.noise(0))]],
    }
    made = statistics_gen(tiny.write(tmp_path / "in", splits, tiny.PAIRS, ()), tmp_path / "out")
    statistics = json.loads((made.path / FILE).read_text())
    (leak,) = example_validator.anomalies(statistics, infer(statistics), Validate())
    assert (leak.rule, leak.split, leak.feature) == ("leak", "train, eval", "first, second")
    assert leak.names == ("first of p = second of q",)


def test_a_label_that_only_another_split_holds_was_never_learnt(statistics, schema):
    train, held_out = (statistics["splits"][split] for split in ("train", "eval"))
    train["labels"] = {"cat": 2}  # and the schema knows both, so that `unseen_label` says nothing
    received = "'dog' in 1 examples"
    assert ("untrained_label", "eval", "label", received, ("g",)) in _found(statistics, schema)
    held_out["labels"] = {label: number for number, label in enumerate("abcdefg", 1)}
    held_out["of_label"] = {label: [label * 2] for label in "abcdefg"}
    (found,) = [one for one in _found(statistics, _changed(schema, labels=None)) if one[0] == "untrained_label"]
    told = ", ".join(f"'{label}' in {number} examples" for number, label in enumerate("abcde", 1))
    assert found[3:] == (f"{told} and 2 more labels", ("aa", "bb", "cc", "dd", "ee"))
    del statistics["splits"]["train"]
    assert "untrained_label" not in {rule for rule, *_ in _found(statistics, schema)}


def test_drift_is_a_distance_from_the_shares_of_the_schema(statistics, schema):
    # Train has the means 100 and about 128: bins 12 and 15 or 16. Of these one half moves to bin 0.
    shares = schema.model_dump()["shares"]
    shares["train"]["labels"] = {"cat": 0.65, "dog": 0.35}
    assert _found(statistics, _changed(schema, shares=shares)) == [
        ("label_drift", "train", "label", "0.500 of 'cat' instead of 0.650", ())
    ]
    assert _found(statistics, _changed(schema, shares=shares), label_distance=0.2) == []
    shares = schema.model_dump()["shares"]
    old = shares["train"]["brightness"]["image"]
    old[0], old[12] = old[12], 0.0
    # Half of the mass has gone elsewhere, and the divergence of disjoint distributions is one bit.
    assert _found(statistics, _changed(schema, shares=shares)) == [
        ("image_drift", "train", "image", "a divergence of 0.500 bits", ())
    ]
    assert _found(statistics, _changed(schema, shares=shares), image_distance=0.5) == []
    assert _found(statistics, _changed(schema, shares={})) == []


def test_the_divergence_is_that_of_scipy():
    from scipy.spatial.distance import jensenshannon

    one, other = np.random.default_rng(0).dirichlet(np.ones(32), 2)
    assert distances.jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2) ** 2)
    with pytest.raises(ValueError, match=r"`other` must have 2 bins\. Received: 1"):
        distances.jensen_shannon([0.5, 0.5], [1.0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("channels: [1]", "channels: [2]", r"s.yaml:\d+: `images.image.channels\[0\]`: input should be 1 or 3"),
        (
            "height: {min: 6.0, max: 20.0}",
            "height: {min: 26.0, max: 20.0}",
            "`min` must not exceed `max`. Received: min=26",
        ),
        ("format: 1", "format: 2", "s.yaml:3: `format`: input should be 1. Received: 2"),
        ("labels: [cat, dog]", "lables: [cat, dog]", "`lables`: extra inputs are not permitted"),
        ("format: 1", "format: [", "not valid YAML"),
    ],
)
def test_faults_of_an_edited_schema_are_named_with_their_line(schema, tmp_path, monkeypatch, old, new, message):
    monkeypatch.chdir(tmp_path)
    text = data_schema.dump(schema)
    assert old in text
    (tmp_path / "s.yaml").write_text(text.replace(old, new))
    with pytest.raises(UserError, match=message):
        data_schema.load("s.yaml")


def test_a_schema_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match=r"The schema .*none.yaml cannot be read: No such file"):
        data_schema.load(tmp_path / "none.yaml")
