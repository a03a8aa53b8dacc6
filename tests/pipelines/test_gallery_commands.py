"""`genssl gallery`, with a model whose vector is an image's mean colour."""

import fcntl
import os
import shutil
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl.gallery import Gallery
from pipelines.batch import faces
from pipelines.cli import main as cli

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def _export(path, output="vector", scale=1.0):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def colour(image_bytes):
        image = tf.cast(tf.io.decode_png(image_bytes[0], 3), tf.float32)
        return {output: scale * tf.reduce_mean(image, axis=[0, 1])[None]}

    module = tf.Module()
    module.colour = colour
    tf.saved_model.save(module, str(path), signatures={"serving_default": colour})
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return _export(folder / "one"), _export(folder / "other", scale=2.0), _export(folder / "label", "label")


@pytest.fixture
def genssl(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty directory: exit status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["genssl", "gallery", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return run


def _photo(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 3), colour).save(path)
    return path


@pytest.fixture
def people(tmp_path):
    """Anna is red, Bert green, on two photographs each, which differ a little."""
    folder = tmp_path / "people"
    _photo(folder / "anna" / "a.png", RED)
    _photo(folder / "anna" / "penultimate" / "b.png", (200, 20, 0))
    _photo(folder / "bert.png", GREEN)
    _photo(folder / "bert_2.png", (20, 200, 0))
    return folder


def test_enrol_identify_verify(genssl, models, people, tmp_path):
    (people / "anna" / "broken.jpg").write_text("no image")
    status, output, _ = genssl("enrol", models[0], people, "--false-accept-rate", 0.3)
    assert status == 1  # one could not be read
    assert f"anna             {people}/anna/broken.jpg: no decoder recognises the bytes" in output
    assert "gallery.npz: 2 people, 4 photographs, 4 new" in output
    gallery = Gallery.load("gallery.npz")
    # Cosines of 0, 0.0995 twice, and 0.198: the last pair alone is accepted.
    near, next_one = np.sqrt(2 - 2 * np.array([0.2 / 1.01, 0.1 / np.sqrt(1.01)]))
    assert gallery.threshold == pytest.approx((near + next_one) / 2, abs=1e-6)
    assert "takes 25.00% of the 4 pairs of different people for one, and 100.00% of the 2 pairs of one" in output

    photos = [_photo(tmp_path / "x.png", (210, 10, 0)), _photo(tmp_path / "y.png", BLUE), people / "bert.png"]
    (tmp_path / "empty.png").touch()
    status, output, errors = genssl("identify", models[0], *photos, "empty.png")
    rows = [line.split() for line in output.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [
        (str(photos[0]), "anna"),
        (str(photos[1]), "unknown"),
        (str(photos[2]), "bert"),
    ]
    assert float(rows[0][2]) == pytest.approx(np.sqrt(2 - 2 * np.cos(np.arctan(1 / 21))), abs=1e-4)
    assert rows[2][2] == "0.0000"
    assert (status, errors) == (1, "empty.png: the file is empty\n")
    status, output, _ = genssl("identify", models[0], photos[1], "--threshold", 1.5, "-k", 4)
    assert status == 0
    assert output.split()[1] in ("anna", "bert")

    anna = people / "anna"
    assert genssl("verify", models[0], photos[0], anna / "a.png", "--gallery", "gallery.npz")[:2] == (
        0,
        "same  0.0476\n",
    )
    assert genssl("verify", models[0], photos[0], photos[1], "--threshold", 1.4) == (1, "different  1.4142\n", "")
    status, _, errors = genssl("verify", models[0], photos[0], anna / "broken.jpg", "--threshold", 1)
    assert status == 2
    assert "broken.jpg: no decoder recognises the bytes" in errors


def test_a_new_person_from_one_photograph(genssl, models, people, tmp_path):
    assert genssl("enrol", models[0], people)[0] == 0
    _photo(tmp_path / "new" / "carla (1).png", BLUE)
    shutil.copy(people / "bert.png", tmp_path / "new" / "bert.png")
    status, _, errors = genssl("enrol", models[0], tmp_path / "new")
    assert status == 2
    assert "gallery.npz: is there already: pass --add" in errors
    status, output, _ = genssl("enrol", models[0], tmp_path / "new", "--add")
    assert (status, "3 people, 5 photographs, 1 new" in output) == (0, True)  # Bert's is there already
    status, output, errors = genssl("identify", models[0], _photo(tmp_path / "x.png", (0, 10, 250)))
    assert (status, output.split()[1]) == (0, "carla")
    assert errors.startswith("no threshold: nobody is unknown")
    # Too few photographs to tell one in a hundred: enrolled all the same, and said.
    status, output, _ = genssl("enrol", models[0], people, "--gallery", "again.npz", "--false-accept-rate", 0.01)
    assert status == 1
    assert "Not calibrated" in output
    assert "needs at least 100 pairs of photographs of different people. Received: 4 pairs" in output
    assert Gallery.load("again.npz").threshold is None


def test_what_cannot_be_used_is_one_message_and_status_2(genssl, models, people, tmp_path):
    photo = people / "bert.png"
    genssl("enrol", models[0], people)
    (tmp_path / "text.npz").write_text("text")
    (tmp_path / "bad").mkdir()
    _photo(tmp_path / "bad" / "unknown" / "a.png", RED)
    _photo(tmp_path / "bad" / "black.png", (0, 0, 0))
    for arguments, message in (
        (("identify", models[1], photo), "was made with another model"),
        (("identify", models[2], photo), "gives no vectors, its `serving_default` has the outputs ['label']"),
        (("identify", tmp_path, photo), "is no SavedModel"),
        (("identify", models[0], photo, "--gallery", "none.npz"), "--gallery none.npz: cannot be read: No such file"),
        (("identify", models[0], photo, "--gallery", "text.npz"), "text.npz must be a gallery"),
        (("identify", models[0], photo, "-k", 5), "-k 5: must not exceed the 4 photographs"),
        (("verify", models[0], photo, photo), "--threshold: must be given"),
        (("verify", models[0], photo, photo, "--threshold", "nan"), "Invalid value for '--threshold'"),
        (("verify", models[0], photo, photo, "--gallery", "gallery.npz"), "--threshold: must be given"),
        (("enrol", models[0], people, "--gallery", "none.npz", "--add"), "none.npz: is not there: leave out --add"),
        (("enrol", models[0], people, "--gallery", "b.npz", "--false-accept-rate", 1), "must lie inside (0, 1)"),
        (("enrol", models[0], tmp_path / "none", "--gallery", "b.npz"), "must be a folder of images"),
        (("enrol", models[0], tmp_path / "bad", "--gallery", "b.npz"), "none of its 2 photographs could be taken up"),
    ):
        status, _, errors = genssl(*arguments)
        assert (status, message in errors) == (2, True), errors
    assert not (tmp_path / "b.npz").exists()


def test_a_gallery_that_cannot_be_the_models_is_not_told_as_another_person(genssl, models, people):
    """`verify` ends with 1 where two people differ: a file that is wrong must not look like it."""
    photo = people / "bert.png"
    other = Gallery(encoder=faces.Encoder(models[0]).digest)
    other.threshold = 1.0
    other.save("empty.npz")
    other.enrol([[1.0, 0.0]], "anna")
    other.save("two.npz")
    with np.load("two.npz") as file:
        np.savez("negative.npz", **{**file, "threshold": -3.0})
    assert genssl("verify", models[0], photo, photo, "--gallery", "empty.npz")[0] == 0
    for gallery, message in (
        ("two.npz", "--gallery two.npz: is damaged: its vectors are of 2 numbers, and the model's of 3; enrol"),
        ("negative.npz", "damaged: `threshold` must not be negative. Received: threshold=-3.0"),
    ):
        for arguments in (("verify", models[0], photo, photo), ("identify", models[0], photo)):
            status, output, errors = genssl(*arguments, "--gallery", gallery)
            assert (status, output, message in errors) == (2, "", True), errors
        assert genssl("enrol", models[0], people, "--gallery", gallery, "--add")[0] == 2


def test_a_rate_that_no_threshold_keeps_is_said(genssl, models, people):
    """Bert's photograph under three names: three of six pairs lie at 0, and one may be accepted."""
    (people / "bert_2.png").unlink()
    (people / "anna" / "a.png").unlink()
    shutil.copy(people / "bert.png", people / "carl.png")
    shutil.copy(people / "bert.png", people / "dora.png")
    status, output, _ = genssl("enrol", models[0], people, "--false-accept-rate", 0.25)
    assert (status, "Not calibrated" in output) == (1, True)
    assert "`false_accept_rate` cannot be kept: any threshold accepts pairs at distance 0. Received: 2 such" in output
    assert Gallery.load("gallery.npz").threshold is None


def test_people_and_photographs_are_forgotten(genssl, models, people, tmp_path):
    genssl("enrol", models[0], people, "--false-accept-rate", 0.3)
    before = Path("gallery.npz").read_bytes()
    blue = _photo(tmp_path / "blue.png", BLUE)
    of_anna = ("--photograph", people / "anna" / "a.png")
    for arguments, message in (
        (
            ("anna", "berta"),
            "nobody is forgotten: `identity` must be one of the gallery's 2 people. Received: 'berta'.",
        ),
        (("berta",), "The nearest: 'bert'"),
        (
            ("anna", "--photograph", people / "bert.png", "--model", models[0]),
            "is no photograph of anna in the gallery",
        ),
        (("anna", *of_anna, "--photograph", blue, "--model", models[0]), "blue.png: is no photograph of anna"),
        (("anna", *of_anna, "--model", models[1]), "was made with another model"),
        (("anna", *of_anna), "--photograph: needs the --model"),
        (("anna", "bert", *of_anna, "--model", models[0]), "--photograph: needs the --model"),
        (("anna", "--model", models[0]), "--model: is for --photograph only"),
        (("anna", "--gallery", "none.npz"), "--gallery none.npz: cannot be read: No such file"),
    ):
        status, output, errors = genssl("remove", *arguments)
        assert (status, output, message in errors) == (2, "", True), errors
        assert Path("gallery.npz").read_bytes() == before
    status, output, _ = genssl("remove", "anna", *of_anna, "--model", models[0])
    assert (status, output.splitlines()) == (
        0,
        [
            "anna             1 photograph forgotten, 1 left",
            "Gallery          gallery.npz: 2 people, 3 photographs",
        ],
    )
    left = Gallery.load("gallery.npz")
    assert left.threshold is not None
    np.testing.assert_allclose(left.embeddings("anna")[0], np.array([10, 1, 0]) / 101**0.5, rtol=1e-5)
    status, output, _ = genssl("remove", "bert", "anna")
    assert output.splitlines() == [
        "bert             2 photographs forgotten",
        "anna             1 photograph forgotten",
        "Gallery          gallery.npz: 0 people, 0 photographs",
    ]
    assert len(Gallery.load("gallery.npz")) == 0


def test_two_commands_do_not_change_a_gallery_at_once(genssl, models, people):
    genssl("enrol", models[0], people)
    with open("gallery.npz", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for arguments in (("remove", "anna"), ("enrol", models[0], people, "--add")):
            status, _, errors = genssl(*arguments)
            assert (status, errors) == (
                2,
                "error: --gallery gallery.npz: another genssl command changes it; wait for it\n",
            )
        assert genssl("identify", models[0], people / "bert.png")[0] == 0
    assert genssl("remove", "anna")[0] == 0


def test_one_person_under_two_spellings_of_a_folder(genssl, models, tmp_path):
    """macOS writes the accent apart; a table, a terminal and Linux do not."""
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"
    _photo(tmp_path / "people" / decomposed / "a.png", RED)
    _photo(tmp_path / "people" / composed / "b.png", (200, 20, 0))
    _photo(tmp_path / "people" / f"{decomposed}_3.png", (200, 0, 20))
    _photo(tmp_path / "people" / "bert.png", GREEN)
    status, output, _ = genssl("enrol", models[0], tmp_path / "people")
    assert (status, "2 people, 4 photographs, 4 new" in output) == (0, True)
    assert Gallery.load("gallery.npz").identities == [composed, "bert"]
    status, output, _ = genssl("remove", decomposed)
    assert output.splitlines()[0] == f"{composed:16} 3 photographs forgotten"


def test_names_of_files_are_shown_as_they_are(genssl, models, people):
    """In brackets, with an end of a line, with a colour, and in bytes that are no UTF-8."""
    names = {
        "dog [copy].png": "dog [copy].png",
        "a\nb.png": "a\\nb.png",
        "\x1b[31mred.png": "\\x1b[31mred.png",
        os.fsdecode(b"caf\xe9.png"): "caf\\xe9.png",
    }
    genssl("enrol", models[0], people)
    for name in names:
        shutil.copy(people / "bert.png", name)
    status, output, _ = genssl("identify", models[0], *names, "--threshold", 1)
    assert (status, [line.rpartition("  bert  ")[0].strip() for line in output.splitlines()]) == (0, [*names.values()])
    for name in names:
        (people / name).write_bytes(b"")
    status, output, errors = genssl("enrol", models[0], people, "--add")
    told = {line.partition(f"{people}/")[2] for line in output.splitlines()}
    assert (status, errors) == (1, "")
    assert {f"{name}: the file is empty" for name in names.values()} <= told


@pytest.mark.parametrize("folders", [1, 10**6])  # one person on all photographs, or one for each
def test_enrolling_takes_memory_in_proportion_to_the_photographs(folders):
    """Four times as many take 16 times as much where all that is there is copied or compared for each."""
    drawn = np.random.default_rng(0).normal(size=(1024, 64)).astype(np.float32)

    def taken(num):
        vectors = {Path(str(number)): vector for number, vector in enumerate(drawn[:num])}
        people = [(f"person {number % folders}", path) for number, path in enumerate(vectors)]
        gallery, total, peak = Gallery(), 0, 0

        def encode(path):
            nonlocal total, peak
            now, peak = tracemalloc.get_traced_memory()
            total += peak - now
            tracemalloc.reset_peak()
            return vectors[path]

        tracemalloc.start()
        try:
            assert list(faces.enrol(gallery, encode, people)) == []
        finally:
            tracemalloc.stop()
        assert len(gallery) == num
        assert list(faces.enrol(gallery, vectors.get, people)) == []
        assert len(gallery) == num  # all were there
        return total

    assert taken(1024) < 5 * taken(256)


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("anna.jpg", "anna"),
        ("Anna Maria_0012.png", "Anna Maria"),
        ("bert (3).png", "bert"),
        ("bert-4.png", "bert"),
        ("1234.png", "1234"),
        ("carla/holidays/1.png", "carla"),
        ("carla_2/x.png", "carla_2"),
    ],
)
def test_who_is_on_a_photograph(tmp_path, path, identity):
    file = _photo(tmp_path / path, RED)
    assert faces.photographs(tmp_path) == [(identity, file)]
