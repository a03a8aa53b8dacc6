"""Runs photographs of people through an exported encoder, to enrol them in a gallery and to compare them with it."""

import collections
import contextlib
import fcntl
import functools
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from keras_genssl.gallery import Calibration, Gallery, Match
from keras_genssl.gallery.gallery import SAME
from keras_genssl.pretext import codec
from keras_genssl.pretext.names import canonical
from pipelines.components import served
from pipelines.errors import UserError

UNKNOWN = "unknown"
"""What is shown in place of a name; no person may have this name."""

_NUMBER = re.compile(r"[ _-]*\(?\d+\)?$")


class Encoder:
    """Maps image files to vectors with a SavedModel.

    Args:
        model: the directory of a SavedModel from image bytes to one vector.

    Attributes:
        digest: the digest of the model's graph and weights, which galleries store.
        dimension: the dimension of the vectors; None if the model does not say.

    Raises:
        UserError: there is no such SavedModel.
    """

    def __init__(self, model: Path) -> None:
        self._function = served.function_of_images(model)
        outputs = self._function.structured_outputs
        kinds = sorted(set(outputs) & {"vector", "latent"})
        if len(kinds) != 1 or len(outputs[kinds[0]].shape) != 2:
            raise UserError(f"{model}: gives no vectors, its `serving_default` has the outputs {sorted(outputs)}")
        self._output = kinds[0]
        self.dimension: int | None = outputs[self._output].shape[1]
        self.digest = served.digest(model)

    def __call__(self, path: Path) -> np.ndarray | str:
        """Returns the vector of a file, float32 `(dim,)`, or the reason why there is none."""
        import tensorflow as tf

        image = served.read_image(path)
        if isinstance(image, str):
            return image
        try:
            answer = self._function(image_bytes=tf.constant([codec.encode_png(image)]))
        except tf.errors.OpError as error:
            size = f"{image.shape[1]} x {image.shape[0]} pixels"
            return f"the model cannot take its {size} ({type(error).__name__})"
        (reason,) = served.refusals(answer, 1)
        if reason:
            return f"the model refuses it: {reason}"
        vector = answer[self._output].numpy()[0]
        return vector if np.isfinite(vector).all() and vector.any() else "the model gives no direction for it"


def photographs(folder: Path) -> list[tuple[str, Path]]:
    """Returns the image files of a folder and below, each with its person's name, sorted.

    A photograph in a sub-folder shows the person after whom the first sub-folder is named (below `train` and `val` if
    the folder is divided into splits, `ClassFolders`). The name of any other file gives the person, without a number
    at its
    end: `anna.jpg`, `anna_2.jpg`, `anna (3).png`.

    Raises:
        UserError: the folder is missing or holds no image file.
    """
    from pipelines.data.example_gen import image_files as sources

    found, _ = sources.find(folder)
    people = sources.class_folders((file.label for file in found), None)
    return [(people.class_of(file.label) or _named(Path(file.label).stem), Path(file.path)) for file in found]


def enrol(gallery: Gallery, encode: Encoder, people: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Path, str]]:
    """Enrols photographs one by one; photographs that are already in the gallery are skipped.

    The cost of each does not depend on how many there are, of one person or of many.

    Yields:
        Name, file and reason for each photograph that was not enrolled.
    """
    enrolled = _Enrolled(gallery)
    for identity, path in people:
        vector = encode(path)
        if isinstance(vector, str):
            yield identity, path, vector
        elif identity == UNKNOWN:
            yield identity, path, f"nobody may be called {UNKNOWN!r}, the answer where a person is not known"
        elif enrolled.add(identity, vector):
            gallery.enrol(vector, identity, add=True)


def remove(
    gallery: Gallery, names: Sequence[str], encode: Encoder | None = None, photographs: Sequence[Path] = ()
) -> dict[str, int]:
    """Forgets people or, with an encoder, photographs of one person.

    Returns:
        Name -> number of forgotten photographs.

    Raises:
        UserError: there is no such person, or a file is not a photograph of this person. The gallery is then unchanged.
    """
    names = list(dict.fromkeys(map(canonical, names)))
    try:
        before = {name: len(gallery.embeddings(name)) for name in names}
    except ValueError as error:
        raise UserError(f"nobody is forgotten: {error}") from None
    if encode is None:
        gallery.remove(names)
    else:
        gallery.remove(names, _enrolled_vectors(gallery, names[0], encode, photographs))
    return {name: count - (len(gallery.embeddings(name)) if name in gallery else 0) for name, count in before.items()}


def _enrolled_vectors(gallery: Gallery, name: str, encode: Encoder, photographs: Sequence[Path]) -> np.ndarray:
    enrolled, found = _Enrolled(gallery), []
    for path in photographs:
        vector = encode(path)
        if isinstance(vector, str):
            raise UserError(f"{path}: {vector}")
        if enrolled.add(name, vector):
            raise UserError(f"{path}: is no photograph of {name} in the gallery; nothing is forgotten")
        found.append(vector)
    return np.stack(found)


def calibrate(gallery: Gallery, false_accept_rate: float) -> Calibration | str:
    """Sets the gallery's threshold by its own photographs, or returns why they do not suffice."""
    try:
        return gallery.calibrate(false_accept_rate=false_accept_rate)
    except ValueError as error:
        return str(error)


def identify(
    gallery: Gallery, encode: Encoder, images: Sequence[Path], k: int, threshold: float | None
) -> Iterator[tuple[Path, Match | str]]:
    """Yields each file with its match, or with the reason why it cannot be read."""
    for path in dict.fromkeys(images):
        vector = encode(path)
        yield path, vector if isinstance(vector, str) else gallery.identify(vector, k, threshold)[0]


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Prevents other commands from changing a gallery inside the block, since their changes would be lost.

    Raises:
        UserError: there is no gallery, or another command is changing it.
    """
    while True:
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(open(path, "r+b"))  # network file systems lock only files open for writing
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                now = os.stat(path)  # another command may have replaced it
            except BlockingIOError:
                raise UserError(f"--gallery {path}: another genssl command changes it; wait for it") from None
            except OSError as error:
                raise UserError(f"--gallery {path}: cannot be read: {error.strerror}") from None
            if os.path.samestat(os.fstat(file.fileno()), now):
                yield
                return


def read_gallery(path: Path) -> Gallery:
    """Reads a gallery.

    Raises:
        UserError: there is none, or it is damaged.
    """
    try:
        return Gallery.load(path)
    except OSError as error:
        raise UserError(f"--gallery {path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"--gallery {path}: {error}") from None


def open_gallery(path: Path, encoder: Encoder) -> Gallery:
    """Reads a gallery that was made with the encoder.

    Raises:
        UserError: there is none, it is damaged or from another model, or its vectors cannot be from this one.
    """
    gallery = read_gallery(path)
    if gallery.encoder != encoder.digest:
        raise UserError(
            f"--gallery {path}: was made with another model, whose vectors cannot be compared with this one's; "
            "enrol the photographs again"
        )
    dimension = gallery.embeddings(gallery.identities[0]).shape[1] if len(gallery) else encoder.dimension
    if encoder.dimension not in (None, dimension):
        raise UserError(
            f"--gallery {path}: is damaged: its vectors are of {dimension} numbers, and the model's of "
            f"{encoder.dimension}; enrol the photographs again"
        )
    return gallery


def _named(stem: str) -> str:
    """Returns the person on a photograph, by the name of its file."""
    return canonical(_NUMBER.sub("", stem) or stem)


class _Enrolled:
    """The photographs of a gallery, indexed so that one is found without comparing all photographs of its person.

    Two random directions divide vectors into the cells of a grid. A cell is as wide as vectors of one photograph can
    differ, so they are in the same cell or in neighbouring cells.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._cells: dict[tuple[str, int, int], list[np.ndarray]] = collections.defaultdict(list)
        for identity in gallery.identities:
            for vector in gallery.embeddings(identity):
                self._cells[identity, *self._cell(vector)].append(vector)

    def add(self, identity: str, vector: np.ndarray) -> bool:
        """Adds a photograph, and returns whether it is new for this person."""
        vector = vector / np.linalg.norm(vector)
        row, column = self._cell(vector)
        for down, across in itertools.product((-1, 0, 1), repeat=2):
            for other in self._cells.get((identity, row + down, column + across), ()):
                if np.abs(other - vector).max() < SAME:
                    return False
        self._cells[identity, row, column].append(vector)
        return True

    @staticmethod
    def _cell(vector: np.ndarray) -> tuple[int, int]:
        row, column = np.floor(_directions(len(vector)) @ vector / (SAME * len(vector))).astype(int).tolist()
        return row, column


@functools.cache
def _directions(dim: int) -> np.ndarray:
    return np.random.default_rng(0).choice([-1.0, 1.0], (2, dim))
