"""Galleries that grow and shrink: what that costs, and that they answer as galleries made at once."""

import copy
import importlib.util
import pickle
import threading
import tracemalloc
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from keras_genssl.gallery import Gallery

DIM = 64


def vectors(num: int, dim: int = DIM) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(num, dim)).astype(np.float32)


def taken(calls: Iterable[Callable[[], object]]) -> int:
    """Bytes that calls took from memory, given back or not: at least those that they copied."""
    total = 0
    tracemalloc.start()
    try:
        for call in calls:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            call()
            total += tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    return total


def grown(num: int, people: int) -> tuple[Gallery, int]:
    gallery = Gallery(faiss=False)
    one_by_one = [
        lambda row=row, name=f"person {number % people}": gallery.enrol(row, name, add=True)
        for number, row in enumerate(vectors(num))
    ]
    return gallery, taken(one_by_one)


@pytest.mark.parametrize("people", [1, 10**6])  # one for all photographs, or one for each
def test_enrolling_and_removing_one_by_one_take_memory_in_proportion(people):
    """To copy all that is there for each takes 16 times as much for four times as many."""
    (_, few), (gallery, many) = grown(256, people), grown(1024, people)
    assert many < 5 * few
    assert many < 1024 * 40 * 4 * DIM  # copies of each vector, of which the gallery itself needs three
    removed = [lambda name=name: gallery.remove(name) for name in gallery.identities]
    assert taken(removed) < 1024 * 40 * 4 * DIM
    assert len(gallery) == 0


def test_a_buffer_moves_as_often_as_it_doubles():
    gallery, places = Gallery(), set()
    for row in vectors(1000):
        gallery.enrol(row, "anna", add=True)
        places.add(gallery._rows._buffer.ctypes.data)
    assert len(places) <= 11  # 2**10 rows
    # A buffer whose rows are forgotten is filled again, not doubled.
    for number, row in enumerate(vectors(5000)):
        gallery.enrol(row, f"guest {number}")
        gallery.remove(f"guest {number}")
    assert len(gallery._rows._buffer) <= 2048


FAISS = pytest.param(
    True, marks=pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="FAISS is not installed")
)


@pytest.mark.parametrize("faiss", [False, FAISS])
def test_a_gallery_that_came_about_slowly_answers_as_one_made_at_once(faiss):
    """Questions between enrolments and removals, the first vectors too small for FAISS."""
    rows, queries = vectors(60, 8), vectors(5, 8) + 0.1
    rows[:4] *= 1e-20
    names = [f"person {number % 7}" for number in range(60)]
    slow = Gallery(normalize=False, faiss=faiss)
    for number in range(0, 60, 4):
        slow.enrol(rows[number : number + 4], names[number : number + 4], add=True)
        slow.identify(queries)
        if number == 28:
            slow.remove("person 3")
            slow.identify(queries)
        if number == 32:
            slow.remove("person 5")
            slow.remove("person 6", rows[6])
    # Of 3 nobody of the first 32 is left, of 5 nobody of the first 36, of 6 one is missing.
    gone = {number for number in range(36) if (names[number] == "person 3" and number < 32) or number % 7 == 5} | {6}
    kept = [number for number in range(60) if number not in gone]
    at_once = Gallery(normalize=False, faiss=False)
    at_once.enrol(rows[kept], [names[number] for number in kept])
    assert len(slow) == len(kept)
    assert slow.identities == at_once.identities
    for name in slow.identities:
        np.testing.assert_array_equal(slow.embeddings(name), at_once.embeddings(name))
    for found, expected in zip(slow.nearest(queries, 20), at_once.nearest(queries, 20), strict=True):
        np.testing.assert_array_equal(found, expected)
    if faiss:
        assert slow._search._index.ntotal == len(kept)  # by FAISS, not by what stands in for it


def test_copies_and_pickles_stand_alone():
    gallery = Gallery(normalize=False)
    gallery.enrol([[1.0], [2.0]], ["anna", "bert"])
    gallery.identify([1.0])
    for again in (copy.copy(gallery), copy.deepcopy(gallery), pickle.loads(pickle.dumps(gallery))):
        again.enrol([3.0], "carl")
        assert [match.identity for match in again.identify([[1.1], [3.1]])] == ["anna", "carl"]
    assert gallery.identities == ["anna", "bert"]


def test_threads_share_a_gallery():
    gallery, rows = Gallery(normalize=False, faiss=False), vectors(400, 4)
    wrong: list[object] = []

    def work(start: int) -> None:
        for number in range(start, 400, 8):
            name = f"person {number}"
            gallery.enrol(rows[number], name)
            (match,) = gallery.identify(rows[number])
            wrong.extend([match] if (match.identity, match.distance) != (name, 0.0) else [])
            if number % 2:
                gallery.remove(name)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert gallery.identities == sorted(f"person {number}" for number in range(0, 400, 2))


def test_people_are_removed_together_or_not_at_all_and_by_photograph():
    gallery = Gallery()
    gallery.enrol([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]], ["anna", "anna", "bert", "carl"])
    with pytest.raises(ValueError, match="Received: others in rows"):
        gallery.remove("anna", [[3.0, 0.0], [0.0, 1.0]])  # the second is Bert's
    assert len(gallery) == 4
    assert gallery.remove("anna", [3.0, 0.0]) == 1  # of one direction, which is what is kept
    np.testing.assert_allclose(gallery.embeddings("anna"), [[0.5**0.5, 0.5**0.5]], rtol=1e-6)
    assert gallery.remove(["anna", "bert"]) == 2
    assert gallery.identities == ["carl"]
    assert gallery.remove("carl", [1.0, 0.0]) == 1
    assert ("carl" in gallery, len(gallery)) == (False, 0)


COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


def test_two_spellings_of_a_name_are_one_person(tmp_path):
    gallery = Gallery(normalize=False)
    gallery.enrol([0.0, 0.0], DECOMPOSED)
    with pytest.raises(ValueError, match="must be new to the gallery"):
        gallery.enrol([1.0, 0.0], COMPOSED)
    gallery.enrol([[1.0, 0.0], [5.0, 0.0]], [COMPOSED, "bert"], add=True)
    assert gallery.identities == [COMPOSED, "bert"]
    assert DECOMPOSED in gallery
    assert gallery.identify([0.1, 0.0])[0].identity == COMPOSED
    assert len(gallery.embeddings(DECOMPOSED)) == len(gallery.embeddings(COMPOSED)) == 2
    # Of the votes of one person under two spellings none is lost, nor are her photographs a stranger's.
    calibration = gallery.calibrate(
        [[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]], [COMPOSED, DECOMPOSED, "bert"], false_accept_rate=0.5
    )
    assert (calibration.num_genuine, calibration.num_impostors) == (1, 2)
    # A file of before, with both.
    path = gallery.save(tmp_path / "people.npz")
    with np.load(path) as file:
        np.savez(path, **{**file, "identities": np.array([DECOMPOSED, COMPOSED, "bert"])})
    again = Gallery.load(path)
    assert again.identities == [COMPOSED, "bert"]
    assert again.remove(DECOMPOSED) == 2
