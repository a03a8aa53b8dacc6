"""The cost of enrolling photographs, without the encoder, and how it grows with their number.

Run as `python benchmarks/enrolment.py [photographs]`; the default is 100,000. The vectors of 512 numbers are random.
The benchmark measures the CPU seconds that `genssl gallery enrol` spends on them: it checks whether a photograph is in
the gallery already, adds it, and saves the gallery. The first round has three photographs per person, the second has
all of one person. The comparison copies all vectors and sorts all names for each photograph, as a gallery of plain
arrays would, for 2,000 and 4,000 photographs.
"""

import math
import pathlib
import sys
import tempfile
import time

import numpy as np

from keras_genssl.gallery import Gallery
from pipelines.batch import faces

DIM = 512


def enrolled(vectors, people):
    gallery = Gallery(faiss=False)
    named = [(f"person {number % people}", pathlib.Path(str(number))) for number in range(len(vectors))]
    assert not list(faces.enrol(gallery, lambda path: vectors[int(path.name)], named))
    with tempfile.TemporaryDirectory() as folder:
        gallery.save(pathlib.Path(folder) / "gallery.npz")
    assert len(gallery) == len(vectors)


def copied(vectors, people):
    held, names = np.empty((0, DIM), np.float32), np.empty(0, np.str_)
    for number, vector in enumerate(vectors):
        np.unique(names)
        held, names = np.concatenate([held, vector[None]]), np.concatenate([names, [f"person {number % people}"]])


def seconds(function, num, people):
    vectors = np.random.default_rng(0).normal(size=(num, DIM)).astype(np.float32)
    start = time.process_time()
    function(vectors, people)
    return time.process_time() - start


def main(num):
    for title, function, sizes, share in (
        ("copied for each", copied, (2000, 4000), 3),
        ("ours, 3 of each", enrolled, (num // 10, num), 3),
        ("ours, all of one", enrolled, (num // 10, num), num),
    ):
        few, many = (seconds(function, size, max(1, size // share)) for size in sizes)
        exponent = math.log(many / few) / math.log(sizes[1] / sizes[0])
        print(f"{title:16}  {sizes[1]:7,} photographs  {many:7.2f} s, which grow as their number to {exponent:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
