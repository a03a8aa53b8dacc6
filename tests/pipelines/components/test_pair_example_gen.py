import numpy as np
import pytest

from keras_genssl import data
from pipelines.data.example_gen.pairs import pair_example_gen
from pipelines.errors import UserError
from tests.pipelines.components.image_files import noise, save

HALF = {"train": 0.5, "eval": 0.5}


@pytest.fixture
def folder(tmp_path):
    for seed in range(6):
        save(tmp_path / "faces" / f"{seed}.png", seed, 8, 8)
    (tmp_path / "faces" / "text.png").write_text("no image")
    return tmp_path


def _table(folder, *lines):
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n")
    return folder / "pairs.csv"


def _faces(*rows):
    return [",".join([f"faces/{row[0]}.png", f"faces/{row[1]}.png", *row[2:]]) for row in rows]


def _read(artifact, split):
    return {bytes(x["name"]).decode(): x for x in data.load(artifact.path, split, shuffle=False).as_numpy_iterator()}


def test_rows_become_pairs_and_bad_ones_dead_letters_by_line(folder):
    rows = [
        *_faces(("0", "1", "same"), ("2", "3", "1"), ("1", "0", "0"), ("4", "z", "same")),
        *_faces(("4", "text", "0"), ("4", "5", "perhaps"), ("4", "5")),
    ]
    made = pair_example_gen(_table(folder, "first,second,label", *rows), folder / "out", HALF, max_failure_rate=0.7)
    assert [(letter["path"], letter["error"], letter["message"]) for letter in made.dead_letters] == [
        ("pairs.csv:4", "Duplicate", "the same pair as pairs.csv:2"),
        ("pairs.csv:5", "FileNotFoundError", "faces/z.png: No such file or directory"),
        ("pairs.csv:6", "UnidentifiedImageError", "faces/text.png: no decoder recognises the bytes"),
        ("pairs.csv:7", "UnknownLabel", "`label` must be one of 0, 1, same, different. Received: 'perhaps'"),
        ("pairs.csv:8", "RaggedRow", "2 fields, and the head has 3"),
    ]
    assert made.manifest["labels"] == ["same", "different"]
    pairs = _read(made, "train") | _read(made, "eval")
    assert sorted(pairs) == ["pairs.csv:2", "pairs.csv:3"]
    np.testing.assert_array_equal(pairs["pairs.csv:3"]["second"], noise(3, 8, 8))
    assert [int(pairs[name]["label"]) for name in sorted(pairs)] == [0, 1]


def test_rows_that_contradict_each_other_are_named_and_none_is_taken(folder):
    (folder / "faces" / "twin.png").write_bytes((folder / "faces" / "0.png").read_bytes())
    rows = [
        *_faces(("0", "1", "same"), ("0", "1", "1"), ("2", "3", "0"), ("3", "2", "different"), ("2", "3", "same")),
        *_faces(("4", "5", "same"), ("twin", "1", "same"), ("0", "twin", "different"), ("5", "4", "same")),
        *_faces(("2", "5", "different"), ("3", "3", "same")),
    ]
    table = _table(folder, "first,second,label", *rows)
    made = pair_example_gen(table, folder / "out", HALF, max_failure_rate=0.9, labels=True)
    told = {letter["path"]: (letter["error"], letter["message"]) for letter in made.dead_letters}
    first = ("Contradiction", "pairs.csv:2 calls this pair same, and pairs.csv:3 different")
    mirrored = ("Contradiction", "pairs.csv:4 calls this pair same, and pairs.csv:5 different")
    assert told == {
        **dict.fromkeys(("pairs.csv:2", "pairs.csv:3", "pairs.csv:8"), first),
        **dict.fromkeys(("pairs.csv:4", "pairs.csv:5", "pairs.csv:6"), mirrored),
        "pairs.csv:9": ("Contradiction", "its two images are the same bytes, and are called different"),
        "pairs.csv:10": ("Duplicate", "the same pair as pairs.csv:7"),
    }
    assert sorted(_read(made, "train") | _read(made, "eval")) == ["pairs.csv:11", "pairs.csv:12", "pairs.csv:7"]
    with pytest.raises(UserError, match=r"7 of 10 inputs could not be used(.|\n)*Contradiction"):
        pair_example_gen(table, folder / "out", HALF)


def test_columns_may_have_a_direction_where_there_are_no_labels(folder):
    made = pair_example_gen(_table(folder, "first,second", *_faces("01", "10", "01", "23")), folder / "out", HALF)
    assert [(letter["path"], letter["error"]) for letter in made.dead_letters] == [("pairs.csv:4", "Duplicate")]
    with pytest.raises(UserError, match=r"pairs\.csv:1: the table of pairs must have a column `label`.* It has none"):
        pair_example_gen(folder / "pairs.csv", folder / "other", HALF, labels=True)
    assert not (folder / "other").exists()


def test_pairs_that_share_an_image_come_to_the_same_split(folder):
    table = _table(folder, "first,second", *_faces("01", "12", "34", "20"))
    made = pair_example_gen(table, folder / "out", HALF)
    parts = sorted(sorted(_read(made, split)) for split in HALF)
    assert parts == [["pairs.csv:2", "pairs.csv:3", "pairs.csv:5"], ["pairs.csv:4"]]
    joined = _table(folder, "first,second", *_faces("01", "12", "23"))
    with pytest.raises(UserError, match=r"1 groups of pairs in .*pairs.csv that share no image .*column `split`"):
        pair_example_gen(joined, folder / "out", HALF)


def test_a_column_says_the_split(folder):
    table = _table(folder, "split,second,first", "eval,faces/1.png,faces/0.png", "train,faces/2.png,faces/0.png")
    made = pair_example_gen(table, folder / "out", HALF)
    (pair,) = _read(made, "eval").values()
    np.testing.assert_array_equal(pair["first"], noise(0, 8, 8))
    assert "label" not in pair
    assert pair_example_gen(table, folder / "out", HALF).reused


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["first,label", "a,1"], r"pairs.csv:1: the head must name the columns first and second.*: first, label"),
        ([], r"pairs.csv:1: the head must name .* Received: nothing"),
        (["first,second"], "none of 0 rows can be used"),
        (["first,second", "a.png,b.png"], r"none of 1 rows .* The first: pairs.csv:2: a.png: No such file"),
        (["first,second", 'a,"b'], r"pairs.csv:2: no CSV: unexpected end of data"),
    ],
)
def test_a_table_that_cannot_be_used_is_an_error_with_its_line(tmp_path, lines, message):
    with pytest.raises(UserError, match=message):
        pair_example_gen(_table(tmp_path, *lines), tmp_path / "out", HALF)
    assert not (tmp_path / "out").exists()


def test_no_table_and_too_many_bad_rows_are_errors(folder):
    with pytest.raises(UserError, match=r"The table .*none.csv cannot be read: No such file"):
        pair_example_gen(folder / "none.csv", folder / "out", HALF)
    table = _table(folder, "first,second", *_faces("01", "23"), "x", "y")
    with pytest.raises(UserError, match=r"2 of 4 inputs could not be used(.|\n)*pairs.csv:4: RaggedRow: 1 fields"):
        pair_example_gen(table, folder / "out", HALF, max_failure_rate=0.4)
    assert list((folder / "out").iterdir()) == []


def test_a_table_names_files_in_any_spelling(tmp_path):
    one, apart = "Zo\u00eb", "Zoe\u0308"  # one letter, and, as macOS writes it, two
    save(tmp_path / apart / f"{apart}.png", 0, 8, 8)
    save(tmp_path / f"{one}.png", 1, 8, 8)
    rows = [f"{one}/{one}.png,{apart}.png", f"{apart}/{apart}.png,{one}.png", f"{one}/none.png,{one}.png"]
    made = pair_example_gen(
        _table(tmp_path, "first,second,split", *(f"{row},train" for row in rows)), tmp_path / "out", {}
    )
    assert [(letter["path"], letter["error"]) for letter in made.dead_letters] == [
        ("pairs.csv:3", "Duplicate"),
        ("pairs.csv:4", "FileNotFoundError"),
    ]
    (pair,) = _read(made, "train").values()
    np.testing.assert_array_equal(pair["first"], noise(0, 8, 8))
    np.testing.assert_array_equal(pair["second"], noise(1, 8, 8))
