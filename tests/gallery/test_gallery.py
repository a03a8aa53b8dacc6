import importlib.util
import math
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.gallery import Gallery, Match, calibrate_threshold
from keras_genssl.gallery.matches import Search


def line(**people):
    """People on a line: name -> places of their photographs."""
    gallery = Gallery(normalize=False)
    for name, places in people.items():
        gallery.enrol([[float(place), 0.0] for place in places], name)
    return gallery


def who(matches):
    return [(match.identity, match.distance) for match in matches]


def test_identify_is_the_nearest_photograph_or_unknown_beyond_the_threshold():
    gallery = line(anna=[0, 10], bert=[4])
    queries = [[1.0, 0.0], [3.0, 0.0], [10.0, 2.0], [30.0, 0.0]]
    assert who(gallery.identify(queries)) == [("anna", 1), ("bert", 1), ("anna", 2), ("anna", 20)]
    assert who(gallery.identify(queries, threshold=1.5)) == [("anna", 1), ("bert", 1), (None, 2), (None, 20)]
    gallery.threshold = 0.5
    assert who(gallery.identify([3.75, 0.0])) == [("bert", 0.25)]
    assert who(gallery.identify([3.0, 0.0])) == [(None, 1)]
    assert who(gallery.identify([3.0, 0.0], threshold=math.inf)) == [("bert", 1)]


def test_the_k_nearest_vote_within_the_threshold_and_the_nearer_wins_a_tie():
    gallery = line(anna=[1, 9], bert=[2, 3], carl=[8])
    assert who(gallery.identify([0.0, 0.0], k=1)) == [("anna", 1)]
    assert who(gallery.identify([0.0, 0.0], k=3)) == [("bert", 2)]  # two of three
    assert who(gallery.identify([0.0, 0.0], k=2)) == [("anna", 1)]  # one each
    assert who(gallery.identify([0.0, 0.0], k=5)) == [("anna", 1)]  # two each, of anna the nearest
    assert who(gallery.identify([0.0, 0.0], k=5, threshold=8)) == [("bert", 2)]  # 9 is too far to vote


def test_a_new_person_needs_one_photograph_and_is_forgotten_again():
    gallery = line(anna=[0], bert=[4])
    assert who(gallery.identify([9.0, 0.0])) == [("bert", 5)]
    gallery.enrol([10.0, 0.0], "carl")
    assert who(gallery.identify([9.0, 0.0])) == [("carl", 1)]
    assert (len(gallery), gallery.identities) == (3, ["anna", "bert", "carl"])
    gallery.enrol([[8.0, 0.0], [12.0, 0.0]], ["carl", "dora"], add=True)
    np.testing.assert_array_equal(gallery.embeddings("carl"), [[10, 0], [8, 0]])
    assert gallery.remove("carl") == 2
    assert who(gallery.identify([9.0, 0.0])) == [("dora", 3)]


def test_verify_compares_pairs_with_the_threshold():
    gallery = Gallery(normalize=False)
    same, distances = gallery.verify([[0, 0], [1, 1]], [[3, 4], [1, 2]], threshold=4.9)
    assert same.tolist() == [False, True]
    assert distances.tolist() == [5, 1]
    gallery.threshold = 5.0
    assert gallery.verify([0, 0], [3, 4])[0].tolist() == [True]


def test_normalised_embeddings_are_compared_by_the_cosine():
    gallery = Gallery()
    gallery.enrol([[2.0, 0.0], [0.0, 3.0]], ["anna", "bert"])
    (match,) = gallery.identify([5.0, 5.0 * math.sqrt(3)])  # at 60 and at 30 degrees
    assert match.identity == "bert"
    assert match.distance == pytest.approx(math.sqrt(2 - 2 * math.cos(math.pi / 6)), abs=1e-6)


def test_a_saved_gallery_answers_the_same(tmp_path):
    gallery = Gallery(encoder="small/1")
    gallery.enrol(np.random.default_rng(0).normal(size=(20, 5)), [f"näme {i % 7}" for i in range(20)])
    gallery.threshold = 0.75
    path = gallery.save(tmp_path / "new" / "people.npz")
    again = Gallery.load(path)
    queries = np.random.default_rng(1).normal(size=(30, 5))
    assert again.identify(queries, k=3) == gallery.identify(queries, k=3)
    assert (again.encoder, again.threshold, again.normalize) == ("small/1", 0.75, True)
    assert again.identities == gallery.identities
    assert [file.name for file in path.parent.iterdir()] == ["people.npz"]
    with np.load(path, allow_pickle=False) as file:
        assert file["embeddings"].shape == (20, 5)


def test_an_empty_gallery_is_saved_and_takes_any_dimension(tmp_path):
    gallery = line(anna=[0])
    gallery.remove("anna")
    again = Gallery.load(gallery.save(tmp_path / "people"))  # no ending is put behind the name
    assert (len(again), again.identities, again.threshold) == (0, [], None)
    again.enrol([1.0, 2.0, 3.0], "bert")
    assert again.identify([1.0, 2.0, 3.0]) == [Match("bert", 0.0)]


def test_damaged_files_and_other_files_are_refused(tmp_path):
    path = line(anna=range(50)).save(tmp_path / "people.npz")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"people.npz must be a gallery that `save` wrote. It is not, or is damaged"):
        Gallery.load(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match="must be a gallery"):
        Gallery.load(path)
    path.write_text("text")
    with pytest.raises(ValueError, match="must be a gallery"):
        Gallery.load(path)
    np.savez(path, format=2)
    with pytest.raises(ValueError, match="format 2"):
        Gallery.load(path)
    with pytest.raises(FileNotFoundError):
        Gallery.load(tmp_path / "none.npz")


SOUND = {
    "format": 1,
    "embeddings": np.eye(3, 2, dtype=np.float32),
    "identities": np.array(["anna", "bert", "carl"]),
    "threshold": np.nan,
    "normalize": False,
    "encoder": "x",
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"identities": np.array(["anna", "bert"])}, r"a name for each\. Received: shapes \(3, 2\) and \(2,\)"),
        ({"embeddings": np.ones(3, np.float32)}, r"must be \(num, dim\), .* Received: shapes \(3,\) and \(3,\)"),
        ({"embeddings": np.full((3, 2), np.nan)}, "`embeddings` must be finite. Received: NaN or infinity among them"),
        ({"threshold": -3.0}, "`threshold` must not be negative. Received: threshold=-3.0"),
        ({"threshold": np.zeros(2)}, "It is not, or is damaged"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, wrong, message):
    path = tmp_path / "people.npz"
    np.savez(path, **SOUND)
    assert (len(Gallery.load(path)), Gallery.load(path).threshold) == (3, None)
    np.savez(path, **{**SOUND, **wrong})
    with pytest.raises(ValueError, match=r"people.npz must be a gallery that `save` wrote.* damaged: ") as caught:
        Gallery.load(path)
    assert re.search(message, str(caught.value))


def test_a_threshold_that_could_not_be_read_is_not_written(tmp_path):
    gallery = line(anna=[0])
    for threshold in (-1.0, math.nan):
        gallery.threshold = threshold
        with pytest.raises(ValueError, match="`threshold` must not be negative"):
            gallery.save(tmp_path / "people.npz")
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_gallery(tmp_path, monkeypatch):
    path = line(anna=[0]).save(tmp_path / "people.npz")
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        line(bert=[0]).save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


NAN = [[0.0, 0.0], [math.nan, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: g.identify([0.0, 0.0], k=4), "`k` must lie in 1 ... 3, the number of photographs. Received: k=4"),
        (lambda g: g.identify([0.0, 0.0], k=0), "`k` must lie in 1 ... 3"),
        (lambda g: g.identify([0.0, 0.0, 0.0]), "of the gallery's dimension 2. Received: 3"),
        (lambda g: g.enrol([0.0], "carl"), "of the gallery's dimension 2. Received: 1"),
        (lambda g: g.identify(NAN), r"must be finite. Received: NaN or infinity in rows \[1\]"),
        (lambda g: g.enrol(NAN, ["carl", "dora"]), r"must be finite"),
        (lambda g: g.enrol([[0.0, 0.0]] * 2, ["anna", "dora"]), r"must be new to the gallery; .* Received: \['anna'\]"),
        (
            lambda g: g.enrol([[0.0, 0.0]] * 2, ["carl"]),
            "a name for each embedding, not empty and without NUL. Received: 1 for 2",
        ),
        (lambda g: g.enrol([0.0, 0.0], ""), r"Received: 1 for 1 embeddings, among them \[''\]"),
        (lambda g: g.enrol([0.0, 0.0], [7]), r"among them \[7\]"),
        (lambda g: g.enrol([0.0, 0.0], "carl\0"), "among them"),
        (lambda g: g.enrol(np.zeros((0, 2)), []), r"must be \(num, dim\) or \(dim,\). Received: shape \(0, 2\)"),
        (lambda g: g.enrol(np.zeros((1, 2, 3)), ["carl"]), r"Received: shape \(1, 2, 3\)"),
        (lambda g: g.remove("carl"), "`identity` must be one of the gallery's 2 people. Received: 'carl'$"),
        (lambda g: g.remove(["anna", "berta"]), "Received: 'berta'. The nearest: 'bert'"),
        (
            lambda g: g.remove("bert", [0.0, 0.0]),
            r"must be of photographs of the people named. Received: .* rows \[0\]",
        ),
        (lambda g: g.identify([0.0, 0.0], threshold=-1), "`threshold` must not be negative. Received: threshold=-1"),
        (lambda g: g.identify([0.0, 0.0], threshold=math.nan), "`threshold` must not be negative"),
        (lambda g: g.verify([0.0, 0.0], [0.0, 0.0]), "`threshold` must be given where the gallery has none"),
        (lambda g: g.verify([0.0, 0.0], [[0.0, 0.0]] * 2, 1), r"must be of one shape. Received: shapes \(1, 2\)"),
        (lambda g: Gallery().identify([0.0, 1.0]), "The gallery is empty: `enrol` somebody first."),
        (lambda g: Gallery().enrol([0.0, 0.0], "anna"), "must not be zero where they are normalised"),
        (lambda g: g.calibrate([[0.0, 0.0]], false_accept_rate=0.5), "must be given both, or neither"),
        (lambda g: g.calibrate(false_accept_rate=0.4), "needs at least 3 pairs .* Received: 2 pairs"),
        (lambda g: g.calibrate(false_accept_rate=1.0), r"`false_accept_rate` must lie inside \(0, 1\). Received: 1.0"),
        (lambda g: calibrate_threshold(NAN, ["a", "b"], 0.5), "must be finite"),
        (lambda g: calibrate_threshold([[0.0]], ["a", "b"], 0.5), r"`identities` must be .* \(2,\) for 1 examples"),
    ],
)
def test_errors_name_the_argument_and_change_nothing(call, message):
    gallery = line(anna=[0, 10], bert=[4])
    with pytest.raises(ValueError, match=message):
        call(gallery)
    assert (len(gallery), gallery.identities, gallery.threshold) == (3, ["anna", "bert"], None)


def test_threshold_at_a_known_false_accept_rate():
    """Two photographs of each of five people, 10 apart: impostor pairs lie at 9, 10, 11, 19 ... 41."""
    places = np.array([[10 * i, 10 * i + 1] for i in range(5)], float).reshape(-1, 1)
    names = np.repeat(list("abcde"), 2)
    # 40 impostor pairs, by distance: 9 (4), 10 (8), 11 (4), 19 (3), 20 (6), 21 (3) ...
    exact = calibrate_threshold(places, names, 0.1)
    assert (exact.num_impostors, exact.num_genuine) == (40, 5)
    assert exact.threshold == pytest.approx(9.5)
    assert (exact.false_accept_rate, exact.true_accept_rate) == (0.1, 1.0)
    # 10 pairs may be accepted, but of the eight at distance 10 all are or none.
    tied = calibrate_threshold(places, names, 0.25)
    assert tied.threshold == pytest.approx(9.5)
    assert tied.false_accept_rate == 0.1
    assert calibrate_threshold(places, names, 0.3).threshold == pytest.approx(10.5)
    # All below the nearest impostors: nobody is accepted, halfway to zero.
    none = calibrate_threshold(places, names, 0.05)
    assert (none.threshold, none.false_accept_rate) == (pytest.approx(4.5), 0.0)
    most = calibrate_threshold([[0.0], [1.0], [3.0]], ["a", "b", "c"], 0.999)
    assert (most.threshold, most.false_accept_rate) == (2.5, pytest.approx(2 / 3))


@pytest.mark.parametrize("cells", [2**22, 50])
def test_threshold_equals_a_naive_loop_over_all_pairs(monkeypatch, cells):
    monkeypatch.setattr("keras_genssl.gallery.matches._CELLS", cells)  # one block, or many
    rng = np.random.default_rng(3)
    embeddings, names = rng.normal(size=(40, 6)), rng.integers(0, 9, 40)
    genuine, impostors = [], []
    for i in range(40):
        for j in range(i):
            (genuine if names[i] == names[j] else impostors).append(math.dist(embeddings[i], embeddings[j]))
    impostors.sort()
    for rate in (0.01, 0.1, 0.37):
        found = calibrate_threshold(embeddings, names, rate)
        allowed = int(rate * len(impostors))
        assert found.threshold == pytest.approx((impostors[allowed - 1] + impostors[allowed]) / 2, abs=1e-9)
        assert sum(distance <= found.threshold for distance in impostors) == allowed
        assert found.false_accept_rate == allowed / len(impostors)
        assert found.true_accept_rate == sum(d <= found.threshold for d in genuine) / len(genuine)


def test_calibration_sets_the_threshold_and_strangers_become_unknown():
    gallery = line(anna=[0, 1], bert=[10, 11], carl=[20, 21])
    calibration = gallery.calibrate(false_accept_rate=0.1)  # one of 12 pairs at 9, 9: both or none
    assert gallery.threshold == calibration.threshold == pytest.approx(4.5)
    assert who(gallery.identify([[13.0, 0.0], [15.5, 0.0]])) == [("bert", 2), ("bert", 4.5)]
    assert who(gallery.identify([15.5, 0.0], threshold=4.4)) == [(None, 4.5)]
    assert gallery.identify([30.0, 0.0])[0].identity is None
    other = gallery.calibrate([[0.0, 0.0], [2.0, 0.0], [5.0, 0.0]], ["x", "y", "z"], false_accept_rate=0.34)
    assert gallery.threshold == other.threshold == 2.5
    assert math.isnan(other.true_accept_rate)


def test_neither_keras_nor_tensorflow_is_needed():
    code = (
        "import sys, keras_genssl as kg; kg.gallery.Gallery; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    root = pathlib.Path(kg.__file__).parents[1]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


def _with_near_ties(offset):
    """Each vector twice, a third that float32 can hardly tell from it, and queries among and beside them."""
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(100, 24)) + offset).astype(np.float32)
    vectors = np.concatenate([vectors, vectors, np.nextafter(vectors, np.float32(np.inf))])
    return vectors, np.concatenate([vectors[:20], (rng.normal(size=(50, 24)) + offset).astype(np.float32)])


FAISS = pytest.param(
    True, marks=pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="FAISS is not installed")
)


def assert_exact(vectors, queries, k, faiss):
    """To the bit, ties by position."""
    positions, distances = Search(vectors, faiss)(queries, k)
    for query, found, distance in zip(queries.astype(np.float64), positions, distances, strict=True):
        exact = np.sqrt(((query - vectors.astype(np.float64)) ** 2).sum(1))
        expected = np.lexsort((np.arange(len(vectors)), exact))[:k]
        assert found.tolist() == expected.tolist()
        assert distance.tolist() == exact[expected].tolist()


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("k", [1, 7, 300])
@pytest.mark.parametrize("faiss", [False, FAISS])
def test_search_finds_what_brute_force_finds(k, offset, faiss):
    assert_exact(*_with_near_ties(offset), k, faiss)


@pytest.mark.parametrize("faiss", [False, FAISS])
@pytest.mark.parametrize("scale", [1e-30, 1e-22, 1e-15, 1e-12, 1e15, 1e17, 1e20, 1e37])
def test_search_does_not_trust_squares_that_float32_cannot_hold(scale, faiss):
    """Squares beyond 3e38 are infinite, and below 1e-38 they lose their digits: all candidates would be equal."""
    vectors, queries = (scale * part[::2] for part in _with_near_ties(0.0))
    assert_exact(vectors.astype(np.float32), queries.astype(np.float32), 3, faiss)
    # One question far outside is NumPy's too, with those asked beside it.
    far = np.concatenate([np.full((1, 24), 1e20), queries]).astype(np.float32)
    assert_exact(vectors.astype(np.float32), far, 3, faiss)


@pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="FAISS is not installed")
def test_faiss_is_used_where_it_is_installed_and_float32_holds_the_squares():
    vectors = np.eye(3, dtype=np.float32)
    assert Search(vectors)._index.ntotal == 3
    assert Search(vectors, faiss=False)._index is None
    assert Search(vectors * np.float32(1e20))._index is None
    assert Search(vectors * np.float32(1e-20))._index is None


def test_faiss_that_is_asked_for_must_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)  # as if it were not
    galleries = [Gallery(faiss=faiss) for faiss in (True, None)]
    for gallery in galleries:
        gallery.enrol([1.0, 0.0], "anna")
    with pytest.raises(ModuleNotFoundError, match="faiss"):
        galleries[0].identify([1.0, 0.0])
    assert who(galleries[1].identify([1.0, 0.0])) == [("anna", 0)]
