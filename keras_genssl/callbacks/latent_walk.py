"""A walk between latents, written as a strip and as a film."""

import os
from typing import Any, ClassVar

import numpy as np

from keras_genssl.analysis.batches import decode_codes
from keras_genssl.analysis.image_grid import to_uint8
from keras_genssl.analysis.interpolation import lerp, morph, slerp
from keras_genssl.callbacks.image_sheet import ImageSheet
from keras_genssl.checks.label_arrays import checked_labels

_BATCH = 64  # images generated at a time


class LatentWalk(ImageSheet):
    """Writes images on a walk between fixed latents after epochs: ``epoch-0001.png``, a row for each leg, and a GIF.

    The walk is closed: the last leg leads back to the first latent, so the film can loop. Without ``images`` the
    latents are normal draws for the model's ``generate(latents)``, or ``decode(codes)``, and the legs are arcs, which
    keep the typical length of such latents (White, 2016). With ``images`` the walk leads in straight lines between the
    codes ``encode(images)``, shown by ``decode``.

    Reference:
        - White 2016, [Sampling Generative Networks](https://arxiv.org/abs/1609.04468)

    Args:
        directory: directory of the files, made if missing.
        num_points: number of latents to visit, at least 2.
        steps: images of a leg, positive. The end of a leg is the start of the next.
        every: epochs between walks. The last epoch always has a walk.
        seed: seed of the latents.
        images: ``(num, h, w, c)``, uint8 or float in [-1, 1], at least 2, to walk between; None for ``num_points``
            random latents.
        latent_dim: size of the latents; None for the model's ``latent_dim``.
        label: label of all images, for a conditional ``generate(latents, labels)``; None for an unconditional model.
        log_dir: directory of TensorBoard's event files; None to write none.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        gan.fit(images, epochs=20, callbacks=[kg.callbacks.LatentWalk("out/walk", num_points=6, every=5)])
    """

    animated: ClassVar[bool] = True

    def __init__(
        self,
        directory: str | os.PathLike[str],
        num_points: int = 8,
        steps: int = 12,
        every: int = 1,
        seed: int = 0,
        images: Any = None,
        latent_dim: int | None = None,
        label: int | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if steps < 1:
            raise ValueError(f"`steps` must be positive. Received: steps={steps}")
        super().__init__(directory, every, steps, log_dir, "walk")
        self.images = None if images is None else to_uint8(images)
        num_points = num_points if self.images is None else len(self.images)
        if num_points < 2:
            raise ValueError(f"`num_points` must be at least 2, and so must images. Received: {num_points}")
        if latent_dim is not None and latent_dim < 1:
            raise ValueError(f"`latent_dim` must be positive. Received: latent_dim={latent_dim}")
        self.num_points, self.steps, self.seed = num_points, steps, seed
        self.latent_dim = latent_dim
        self.label = None if label is None else int(checked_labels([label], "label", 1, names=False)[0])

    def draw(self) -> np.ndarray:
        """Returns the images of the walk, leg by leg."""
        if self.images is not None:
            return morph(self.model.encode, self.model.decode, self.images, self.steps, lerp, True, _BATCH)
        dim = self.latent_dim or self.model.latent_dim
        points = np.random.default_rng(self.seed).normal(size=(self.num_points, dim))
        path = slerp if dim > 1 else lerp  # in one dimension there are no arcs
        codes = path(points, np.roll(points, -1, axis=0), np.arange(self.steps) / self.steps)
        return decode_codes(self._generate, codes.reshape(-1, dim), _BATCH)

    def _generate(self, latents: np.ndarray) -> Any:
        if not hasattr(self.model, "generate"):
            return self.model.decode(latents)
        if self.label is None:
            return self.model.generate(latents)
        return self.model.generate(latents, np.full(len(latents), self.label, np.int64))
