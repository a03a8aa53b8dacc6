import pathlib
import subprocess
import sys

import pytest

from pipelines.errors import UserError
from pipelines.run import finding
from pipelines.run import loading as recipe

PLAIN = """\
name: tiny
description: a test
data:
  source: embedded
  held_out: [coffee]
model:
  method: EDSR
  filters: 4
train:
  epochs: 1
  learning_rate:
    schedule: constant
    initial: 5e-4
export:
  name: tiny_x2
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(old="", new=""):
        assert old in PLAIN
        pathlib.Path("tiny.yaml").write_text(PLAIN.replace(old, new) if old else PLAIN)
        return "tiny.yaml"

    return write


def test_plain_recipe_and_its_defaults(write):
    loaded = recipe.load(write())
    assert loaded.train.learning_rate.initial == 5e-4  # YAML 1.1 would read a string
    assert loaded.model.blocks == 16
    assert loaded.border == loaded.prepare.scale == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs: 1", "epoch: 1", "tiny.yaml:10: `train.epoch` is not a known key. Did you mean `epochs`?"),
        ("epochs: 1", "epochs: one", "tiny.yaml:10: `train.epochs` must be an integer. Received: 'one'"),
        ("epochs: 1", "epochs: true", "tiny.yaml:10: `train.epochs` must be an integer. Received: True"),
        ("epochs: 1", "epochs: 0", "tiny.yaml:10: `train.epochs` must be greater than 0. Received: 0"),
        ("filters: 4", "filter: 4", "tiny.yaml:8: `model.filter` is not a known key. Did you mean `filters`?"),
        (
            "method: EDSR",
            "method: EDRS",
            "tiny.yaml:7: `model.method` must be one of 'SRCNN', 'ESPCN', 'EDSR', 'SRResNet', 'SRGAN'. "
            "Received: 'EDRS'. Did you mean `EDSR`?",
        ),
        ("  method: EDSR\n", "", "tiny.yaml:6: `model.method` is missing"),
        ("  initial: 5e-4", "  inital: 5e-4", "tiny.yaml:13: `train.learning_rate.inital` is not a known key."),
        ("source: embedded", "source: folder", "tiny.yaml:3: `data` `source: folder` needs `folder`"),
        ("[coffee]", "[coffee, 3]", "tiny.yaml:5: `data.held_out[1]` must be a string. Received: 3"),
        ("[coffee]", "coffee", "tiny.yaml:5: `data.held_out` must be a list. Received: 'coffee'"),
        ("epochs: 1", "epochs: 1\n  epochs: 2", "tiny.yaml:11: `train.epochs` is given twice, first at tiny.yaml:10"),
        ("[coffee]", "[coffee", "tiny.yaml:6: not valid YAML"),
        ("name: tiny_x2", "name: Tiny X2", "tiny.yaml:15: `export.name` must be of the letters a to z"),
        ("train:\n  epochs: 1", "train:", "tiny.yaml:9: `train` give `epochs`, `steps` or both"),
    ],
)
def test_fault_names_place_key_rule_and_nearest(write, old, new, message):
    with pytest.raises(UserError) as error:
        recipe.load(write(old, new))
    assert message in str(error.value)


def test_faults_are_reported_together(write):
    with pytest.raises(UserError) as error:
        recipe.load(write("epochs: 1", "epoch: 1\n  batch_size: x"), ["loss.pixle=l1"])
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert "--set loss.pixle=l1: `loss.pixle` is not a known key. Did you mean `pixel`?" in lines


def test_override_wins_and_is_typed(write):
    loaded = recipe.load(write(), ["train.epochs=5", "data.held_out=[china, coffee]", "train.epochs=6"])
    assert loaded.train.epochs == 6
    assert loaded.data.held_out == ["china", "coffee"]
    with pytest.raises(UserError, match=r"^--set train\.epochs=x: `train.epochs` must be an integer"):
        recipe.load(write(), ["train.epochs=x"])
    with pytest.raises(UserError, match="must be key=value"):
        recipe.load(write(), ["train.epochs"])
    with pytest.raises(UserError, match="`name` is not a section"):
        recipe.load(write(), ["name.x=1"])


@pytest.mark.parametrize("name", ["my\nphotos", "it's", 'a "b" \\ c', "été 🙂", "a: b #c"])
def test_a_folder_may_have_any_name(write, tmp_path, name):
    assert recipe.load(write(), folder=pathlib.Path(name)).data.folder == str(tmp_path / name)


def test_a_character_that_no_text_holds_is_told(write):
    with pytest.raises(UserError, match="not valid YAML: unacceptable character"):
        recipe.load(write(), ["export.name=a\x07"])


def test_override_replaces_a_whole_section(write):
    rate = "train.learning_rate={schedule: cosine, initial: 1e-3}"
    assert recipe.load(write(), [rate]).train.learning_rate.schedule == "cosine"


def test_warm_start_is_for_srgan_only(write):
    start = "train.warm_start={steps: 5, learning_rate: {schedule: constant, initial: 1e-4}}"
    assert recipe.load(write("EDSR", "SRGAN"), [start]).train.warm_start.steps == 5
    with pytest.raises(UserError, match=r"`train.warm_start` is for SRGAN only. Received: model.method=EDSR"):
        recipe.load(write(), [start])
    with pytest.raises(UserError, match=r"`train.warm_start.step` is not a known key. Did you mean `steps`"):
        recipe.load(write("EDSR", "SRGAN"), [start.replace("steps", "step")])


def test_scale_in_the_name_of_the_export_is_written_out(write):
    assert recipe.load(write("tiny_x2", "tiny_x{scale}")).export.name == "tiny_x2"
    changed = recipe.load("super_resolution", ["prepare.scale=3"])
    assert changed.export.name == "super_resolution_x3"
    assert recipe.load("espcn", full_scale=True).export.name == "espcn_x3"
    with pytest.raises(UserError, match=r"tiny.yaml:15: `export.name` must be of the letters a to z"):
        recipe.load(write("tiny_x2", "tiny_x{size}"))


def test_patches_must_be_aligned(write):
    with pytest.raises(UserError, match=r"`patch_size` must be a multiple of `scale`=3. Received: 64"):
        recipe.load(write(), ["prepare.scale=3"])


def test_full_scale_is_laid_over_and_always_checked(write):
    paper = "export:\n  name: tiny_x2\nfull_scale:\n  model:\n    filters: 256\n"
    old = "export:\n  name: tiny_x2\n"
    assert recipe.load(write(old, paper)).model.filters == 4
    assert recipe.load(write(old, paper), full_scale=True).model.filters == 256
    assert recipe.load(write(old, paper), ["model.filters=8"], full_scale=True).model.filters == 8
    with pytest.raises(UserError, match=r"tiny.yaml:18: `model.fliters` is not a known key. Did you mean `filters`"):
        recipe.load(write(old, paper.replace("filters", "fliters")))
    with pytest.raises(UserError, match="has no `full_scale` section"):
        recipe.load(write(), full_scale=True)


def test_another_extractor_keeps_no_layer_of_the_first():
    assert recipe.load("super_resolution_perceptual").loss.perceptual.extractor == "small"
    paper = recipe.load("super_resolution_perceptual", full_scale=True).loss.perceptual
    assert (paper.extractor, paper.layers) == ("vgg16", {"block2_conv2": 1.0})


def test_unknown_recipe_names_the_nearest():
    with pytest.raises(UserError, match=r"Unknown recipe: super_resolutoin\. Did you mean `super_resolution`"):
        recipe.load("super_resolutoin")
    with pytest.raises(UserError, match=r"No such recipe file: none\.yaml"):
        recipe.load("none.yaml")


@pytest.mark.parametrize(
    ("name", "change", "rule"),
    [
        ("fashion_mnist/jigsaw", "prepare.patch_size=12", "must be at most `cell_size`. Received: patch_size=12, cell"),
        ("fashion_mnist/jigsaw", "prepare.num_permutations=5000", "must be an integer from 2 to 1512 for 9 patches."),
        ("fashion_mnist/relative_position", "prepare.size=20", "must be at least 28 pixels high and 28 wide"),
        ("photographs/colorization", "prepare.crop=100", "must be at most `size`. Received: crop=100, size=64"),
        ("photographs/shuffle_and_learn", "prepare.min_distance=20", "must be at most `max_span`. Received: min_dist"),
        ("fashion_mnist/cpc", "model.steps=[9]", "must be different integers from 1 to 5 on a grid of 6 x 6. Received"),
        (
            "photographs/colorization",
            "prepare.crop=50",
            "must be a multiple of 4, the stride of the networks. Received",
        ),
        ("photographs/split_brain", "prepare={size: 50, channels: 3}", "must be a multiple of 4, the stride of the"),
    ],
)
def test_what_preparation_and_method_refuse_is_told_with_key_before_anything_runs(name, change, rule):
    with pytest.raises(UserError) as error:
        recipe.load(name, [change], thoroughly=True)
    key = "prepare.size" if "{size" in change else change.partition("=")[0]
    assert str(error.value).startswith(f"--set {change}: `{key}` {rule}")


def test_what_they_refuse_is_told_together_where_it_was_given(write):
    paper = finding.find("fashion_mnist/cpc").read_text().replace("steps: [2, 3]", "steps: [6]")
    pathlib.Path(write()).write_text(paper)
    with pytest.raises(UserError) as error:
        recipe.load("tiny.yaml", ["prepare.size=20"], thoroughly=True)
    line = paper.splitlines().index(next(line for line in paper.splitlines() if "steps: [6]" in line)) + 1
    first, second = str(error.value).splitlines()
    assert first.startswith("--set prepare.size=20: `prepare.size` must be at least 28 pixels high")
    assert second.startswith(f"tiny.yaml:{line}: `model.steps` must be different integers from 1 to 5")


@pytest.mark.parametrize("name", finding.names())
def test_shipped_recipes_are_valid_and_named_as_their_file(name):
    loaded = recipe.load(name, thoroughly=True)
    assert loaded.name == name
    if loaded.full_scale is not None:
        recipe.load(name, full_scale=True, thoroughly=True)


def test_the_list_says_what_the_checked_recipes_say():
    loaded = [(name, recipe.load(name)) for name in finding.names()]
    assert finding.listed() == [(name, checked.model.method, checked.description) for name, checked in loaded]


def test_reading_recipes_imports_neither_tensorflow_nor_beam():
    code = (
        "import sys; from pipelines.run import loading as recipe; recipe.load('super_resolution');"
        "assert not {'tensorflow', 'keras', 'apache_beam', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prepare.preparation=jigsaw", "`prepare.preparation` must be 'super_resolution'. Received: 'jigsaw'."),
        ("model.method=EDSSR", "`model.method` must be one of .* Received: 'EDSSR'. Did you mean `EDSR`?"),
        ("task=teleportation", "`task` must be one of .* Received: 'teleportation'."),
    ],
)
def test_recipe_that_names_what_is_not_there_is_told(change, message):
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        recipe.load("super_resolution", [change])


def test_change_is_bounded_beside_a_threshold():
    bless = "evaluate.bless={fid: {max: 2, change: {max: 0.1}}, recall: {min: 0.5}}"
    changes = recipe.load("fashion_mnist/dcgan", [bless]).evaluate.changes
    assert {name: (bound.min, bound.max) for name, bound in changes.items()} == {"fid": (None, 0.1)}
    evaluate = recipe.load("super_resolution", ["evaluate.bless.gain_db.change={min: -0.05}"]).evaluate
    assert {name: (bound.min, bound.max) for name, bound in evaluate.changes.items()} == {"gain_db": (-0.05, None)}
    assert evaluate.bless["gain_db"].min == 0.5
    assert recipe.load("super_resolution").evaluate.changes == {}
    for wrong in ("{change: {max: 0.1}}", "{max: 2, change: {}}"):  # no threshold at all; no bound
        with pytest.raises(UserError, match="give `min`, `max` or both"):
            recipe.load("fashion_mnist/dcgan", [f"evaluate.bless={{fid: {wrong}}}"])


def test_inputs_that_a_recipe_has_not_are_told_with_those_that_it_has(write, tmp_path):
    two = {"first": tmp_path, "second": tmp_path}
    with pytest.raises(UserError, match=r"^--data first=.* --data second=.*: the recipe has one input, without a name"):
        recipe.load(write(), folder=two)
    named = "data: {first: {source: folder, folder: a}, second: {source: folder, foldr: b}}"
    text = PLAIN.replace("data:\n  source: embedded\n  held_out: [coffee]", named)
    pathlib.Path("tiny.yaml").write_text(text)
    with pytest.raises(UserError, match=r"tiny.yaml:3: `data.second` `source: folder` needs `folder`"):
        recipe.load("tiny.yaml")
    pathlib.Path("tiny.yaml").write_text(text.replace("foldr: b", "folder: b, eval_fractoin: 1"))
    with pytest.raises(
        UserError, match=r"`data.second.eval_fractoin` is not a known key. Did you mean `eval_fraction`"
    ):
        recipe.load("tiny.yaml")
    pathlib.Path("tiny.yaml").write_text(text.replace("foldr: b", "folder: b"))
    with pytest.raises(UserError, match=r"`data` must be one source, without a name, for EDSR"):
        recipe.load("tiny.yaml")
    with pytest.raises(UserError, match=r"the recipe has the inputs first and second: give --data first=DIR --data "):
        recipe.load("tiny.yaml", folder=tmp_path)
