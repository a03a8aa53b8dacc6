"""Photographs of people through an exported encoder, into a gallery and compared with it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from keras_genssl.gallery import Calibration, Gallery, Match
from keras_genssl.pretext import codec
from pipelines import served
from pipelines.errors import UserError

UNKNOWN = "unknown"
"""What stands in the place of a name; nobody may be called so."""

_NUMBER = re.compile(r"[ _-]*\(?\d+\)?$")


class Encoder:
    """The vectors of image files, by a SavedModel.

    Args:
        model: the directory of a SavedModel, image bytes in and one vector out.

    Attributes:
        digest: of the model's graph and weights, by which galleries know it.
        dimension: of the vectors; None: the model does not say.

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
        """The vector of a file, float32 `(dim,)`, or the reason why there is none."""
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
    """The image files of a folder and below with who is on them, sorted.

    A photograph in a sub-folder is of the person whom the first sub-folder is named after, below `train` and `val`
    where the folder is divided into splits (`ClassFolders`); one in none of whom its name tells, without a number at
    its end: `anna.jpg`, `anna_2.jpg`, `anna (3).png`.

    Raises:
        UserError: the folder is missing or holds no image file.
    """
    from pipelines.components import sources

    found, _ = sources.find(folder)
    people = sources.class_folders((file.label for file in found), None)
    return [(people.class_of(file.label) or _identity(Path(Path(file.label).name)), Path(file.path)) for file in found]


def enrol(gallery: Gallery, encode: Encoder, people: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Path, str]]:
    """Takes up photographes one by one; a photograph that is in the gallery already is passed over.

    Yields:
        Each that was not taken up: who, which, and why.
    """
    for identity, path in people:
        vector = encode(path)
        if isinstance(vector, str):
            yield identity, path, vector
        elif identity == UNKNOWN:
            yield identity, path, f"nobody may be called {UNKNOWN!r}, the answer where a person is not known"
        elif not _is_in(gallery, identity, vector):
            gallery.enrol(vector, identity, add=True)


def calibrate(gallery: Gallery, false_accept_rate: float) -> Calibration | str:
    """Sets the gallery's threshold by its own photographs, or says why they do not suffice."""
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


def open_gallery(path: Path, encoder: Encoder) -> Gallery:
    """Reads a gallery whose vectors are the encoder's.

    Raises:
        UserError: there is none, it is damaged, made by another model, or its vectors cannot be of this one.
    """
    try:
        gallery = Gallery.load(path)
    except OSError as error:
        raise UserError(f"--gallery {path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"--gallery {path}: {error}") from None
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


def _identity(path: Path) -> str:
    if len(path.parts) > 1:
        return path.parts[0]
    return _NUMBER.sub("", path.stem) or path.stem


def _is_in(gallery: Gallery, identity: str, vector: np.ndarray) -> bool:
    if identity not in gallery.identities:
        return False
    enrolled = gallery.embeddings(identity)
    return bool((np.abs(enrolled - vector / np.linalg.norm(vector)).max(axis=1) < 1e-6).any())
