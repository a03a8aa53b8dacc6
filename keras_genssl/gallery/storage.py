"""A gallery on disk: one `.npz` file without pickle."""

import dataclasses
import os
import pathlib
import uuid
import zipfile

import numpy as np

from keras_genssl.gallery.match import checked

_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Stored:
    """The stored content of a gallery; its attributes are those of `Gallery`.

    Raises:
        ValueError: if they do not make a valid gallery.
    """

    embeddings: np.ndarray
    identities: np.ndarray
    threshold: float | None
    normalize: bool
    encoder: str

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or self.identities.shape != self.embeddings.shape[:1]:
            raise ValueError(
                "`embeddings` must be (num, dim), and `identities` a name for each. "
                f"Received: shapes {self.embeddings.shape} and {self.identities.shape}"
            )
        if not np.isfinite(self.embeddings).all():
            raise ValueError("`embeddings` must be finite. Received: NaN or infinity among them")
        checked(self.threshold)


def write(path: str | os.PathLike[str], stored: Stored) -> pathlib.Path:
    """Writes the file. A reader sees the old file or the new one, never a partial one."""
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part-{uuid.uuid4().hex}")
    try:
        with open(part, "wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                format=_FORMAT,
                embeddings=stored.embeddings,
                identities=stored.identities,
                threshold=np.nan if stored.threshold is None else stored.threshold,
                normalize=stored.normalize,
                encoder=np.str_(stored.encoder),
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def read(path: str | os.PathLike[str]) -> Stored:
    """Reads a file that `write` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not a gallery, or is damaged.
    """
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            saved = {name: file[name] for name in file.files}
        if int(saved["format"]) != _FORMAT:
            raise ValueError(f"format {saved['format']}")
        return Stored(
            embeddings=saved["embeddings"].astype(np.float32, copy=False),
            identities=saved["identities"].astype(np.str_, copy=False),
            threshold=None if np.isnan(saved["threshold"]) else float(saved["threshold"]),
            normalize=bool(saved["normalize"]),
            encoder=str(saved["encoder"]),
        )
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        reason = f"It is not, or is damaged: {error}"
        raise ValueError(f"{os.fspath(path)} must be a gallery that `save` wrote. {reason}") from error
