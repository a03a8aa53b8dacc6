import numpy as np
import pytest

from keras_genssl import data
from pipelines.data.preparations.groups import Pairs, Triplets
from pipelines.data.preparations.images import Images
from pipelines.data.prepare import prepare
from pipelines.data.prepare_groups import prepare_groups
from pipelines.errors import UserError
from tests.pipelines.data.statistics import examples as tiny

SQUARE = {"size": 8, "channels": 1}
PAIRS = Pairs(**SQUARE)
LABELS = [0, 1, 1, 0, 1]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    made = [tiny.record(f"n{number}", tiny.noise(number, 8), label) for number, label in enumerate(LABELS)]
    splits = {"train": [made[:2], [], made[2:]], "eval": [[tiny.record("e", tiny.noise(9, 8))]]}
    return tiny.write(tmp_path_factory.mktemp("examples"), splits)


def _read(source, fields, **options):
    dataset = data.load(source, "train", shuffle=False, **options)
    return [{field: example[field] for field in fields} for example in dataset.as_numpy_iterator()]


@pytest.mark.parametrize(
    ("kind", "draw", "fields"),
    [
        (Pairs, data.pairs, ("first", "second", "label")),
        (Triplets, data.triplets, ("anchor", "positive", "negative")),
    ],
)
def test_what_is_written_is_what_is_made_on_the_fly(examples, tmp_path, kind, draw, fields):
    groups = kind(**SQUARE, copies=4, seed=3)  # of each of the five examples to train on
    made = prepare_groups(examples, tmp_path, groups)
    drawn = draw(LABELS, 20, seed=3)
    written, loaded = _read(made.path, fields), _read(examples.path, fields, groups=drawn)
    assert len(written) == 20
    for one, other in zip(written, loaded, strict=True):
        for field in fields:
            np.testing.assert_array_equal(one[field], other[field])
    (first, *_) = data.load(made.path, "train", shuffle=False, features=["name"]).as_numpy_iterator()
    assert first["name"].decode().split() == [f"n{ids[0]}" for ids in drawn.members.values()]
    assert prepare_groups(examples, tmp_path, groups, num={"train": 20}).reused
    assert prepare_groups(examples, tmp_path, kind(**SQUARE, copies=4, seed=4)).content != made.content


def test_two_workers_write_the_same_bytes(examples, tmp_path):
    made = [prepare_groups(examples, tmp_path / str(n), PAIRS, num={"train": 9}, workers=n).path for n in (1, 2)]
    one, two = ({path.name: path.read_bytes() for path in directory.iterdir()} for directory in made)
    assert one == two


def test_what_cannot_be_drawn_or_prepared_is_an_error(examples, tmp_path):
    with pytest.raises(
        UserError, match=r"No pairs can be drawn from the split 'eval': `labels` must hold at least two"
    ):
        prepare_groups(examples, tmp_path, PAIRS, num={"eval": 3})
    with pytest.raises(UserError, match=r"`num` must name splits out of train, eval. Received: num={'test': 3}"):
        prepare_groups(examples, tmp_path, Triplets(**SQUARE), num={"test": 3})
    with pytest.raises(UserError, match=r"3 of 3 inputs could not be used(.|\n)*8 x 8 pixels would be enlarged"):
        prepare_groups(examples, tmp_path, Pairs(size=30), num={"train": 3})
    bare = {name: kind for name, kind in tiny.FEATURES.items() if name != "label"}
    unlabelled = tiny.write(tmp_path / "bare", {"train": [[tiny.record("a", tiny.noise(0), None)]]}, bare, ())
    with pytest.raises(UserError, match="pairs are drawn by label, and the examples have none"):
        prepare_groups(unlabelled, tmp_path, PAIRS)
    some = tiny.write(tmp_path / "some", {"train": [[tiny.record("a", tiny.noise(0), None)]]})
    with pytest.raises(UserError, match="1 examples of the split 'train' have no `label`"):
        prepare_groups(some, tmp_path, PAIRS, num={"train": 3})


def test_records_without_an_image_are_dead_letters_of_prepare(tmp_path):
    records = [tiny.record("a", tiny.noise(7)), tiny.record("b", None), tiny.record("c", b"no image")]
    made = prepare(
        tiny.write(tmp_path / "in", {"train": [records]}),
        tmp_path / "out",
        Images(size=16),
        max_failure_rate=0.7,
    )
    assert [(letter["path"], letter["error"]) for letter in made.dead_letters] == [
        ("b", "MissingFeature"),
        ("c", "UnidentifiedImageError"),
    ]


def test_a_damaged_shard_ends_a_preparation_with_its_name(tmp_path):
    artifact = tiny.write(tmp_path / "in", {"train": [[tiny.record("a", tiny.noise(7))]]})
    (shard,) = artifact.path.glob("*.tfrecord-*")
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"tiny-train\.tfrecord-00000-of-00001: the shard is damaged"):
        prepare(artifact, tmp_path / "out", Images(size=16))
    assert list((tmp_path / "out").iterdir()) == []
    shard.unlink()
    with pytest.raises(UserError, match=r"the shard cannot be read: No such file"):
        prepare(artifact, tmp_path / "out", Images(size=16))
