"""AdaptiveAugment: changes of a discriminator's images, as often as it overfits.

Guide: docs/small_data.md.
"""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.layers.affine_warp import composed, moved, quarter_turns, scaled, turned, warped
from keras_genssl.layers.image_augmentation import ImageAugmentation, drawn_integers, drawn_normals


@keras.saving.register_keras_serializable(package="keras_genssl")
class AdaptiveAugment(ImageAugmentation):
    """Random changes of the images that a discriminator sees, with a probability p that follows how much it overfits.

    Karras et al., 2020 (ADA). A discriminator that knows its training images by heart is sure of them:
    ``r = E sign(D(x))`` over real images x goes to 1. After every `every` updates of the discriminator
    ``p <- p + sign(r - target) * images / adjustment_images``, from 0, with the real images seen since p moved last:
    p takes `adjustment_images` images to go from 0 to 1. Here p stays in [0, 1]; the paper's code clips it at 0 only,
    and above 1 every change is made with certainty as at 1. The engine tells r, and training logs hold `augment_p`.

    Each change is made with probability p for each image by itself, in this order:

    - blit: a flip, with probability 1/2 where it is tried; 0 to 3 quarter turns; a translation by whole pixels, up to
      an eighth of each side.
    - geometry: a scale ``2^(0.2 n)`` with n standard normal; a rotation by any angle; a stretch by ``2^(0.2 n)`` across
      and its inverse down; a second rotation by any angle (each with probability ``1 - sqrt(1 - p)``, so that one of
      the two is made with probability p); a translation by ``n / 8`` of each side.
    - colour: brightness, ``x + 0.2 n``; contrast, ``2^(0.5 n) x``; a flip of the luma (the mean over the channels m
      becomes -m) with probability 1/2 where it is tried; a rotation of the hue by any angle; saturation,
      ``m + 2^n (x - m)``. Hue and saturation do nothing to images of one channel. Values may leave [-1, 1].

    Blit and geometry are one bilinear warp, exact for whole pixels and quarter turns of square images. Beyond its
    border an image is reflected. The paper's warp works at twice the resolution between two low-pass filters; this one
    does not, so that strongly shrunk images show some aliasing.

    With p below about 0.8 the generator learns the images as they are: its images, changed at random, must look like
    real images that were changed at random, and as some stay unchanged, only an unchanged distribution does (Section
    2.2). Near 1 that no longer holds for what a change makes uniform: quarter turns, hues and negative images leak into
    samples.

    Only with ``training=True``; otherwise images are returned unchanged. On several replicas, each draws its own
    parameters, as with Dropout; p is the same on all. A model holds one such layer at most.

    Reference:
        - Karras et al. 2020, [Training Generative Adversarial Networks with Limited
          Data](https://arxiv.org/abs/2006.06676)

    Args:
        blit: whether images are flipped, turned by quarters and moved by whole pixels.
        geometry: whether they are scaled, rotated, stretched and moved by fractions.
        colour: whether their colours are changed.
        target: the r that is aimed at, in [-1, 1].
        adjustment_images: how many real images it takes p to go from 0 to 1, at least 1.
        every: after how many updates of the discriminator p moves, at least 1.
        seed: an int that makes the parameters reproducible; None for Keras' global seed.

    Call: images float ``(batch, h, w, c)``, h, w and c known; returns the same shape in `keras.config.floatx()`.

    Raises:
        ValueError: if an argument is outside its range, no category is chosen, or the size of the images is not known.

    Example:
        >>> layer = AdaptiveAugment(every=1, adjustment_images=100)
        >>> for signs in (7.0, 2.0, 10.0):
        ...     layer.observe(signs, 10)  # the signs of ten logits, summed; a training step does it
        ...     layer.adapt()
        ...     print(round(float(layer.p), 4))
        0.1
        0.0
        0.1
    """

    num_chances = 28

    def __init__(
        self,
        blit: bool = True,
        geometry: bool = True,
        colour: bool = True,
        target: float = 0.6,
        adjustment_images: int = 500_000,
        every: int = 4,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        if not (blit or geometry or colour):
            raise ValueError(
                "One of `blit`, `geometry` and `colour` must be True. Received: blit=False, geometry=False, "
                "colour=False"
            )
        self.blit = bool(blit)
        self.geometry = bool(geometry)
        self.colour = bool(colour)
        self.target = finite("target", target, -1, 1)
        self.adjustment_images = whole("adjustment_images", adjustment_images)
        self.every = whole("every", every)
        self.p, self.signs, self.seen, self.updates = (
            self.add_weight((), "zeros", trainable=False, name=name) for name in ("p", "signs", "seen", "updates")
        )

    def observe(self, signs: Any, images: Any) -> None:
        """Adds the sum of the signs of a global batch's logits of real images, and its number of images.

        Once for each batch, which may be a part of an update (`gradient_accumulation_steps`).
        """
        self.signs.assign_add(ops.cast(signs, self.signs.dtype))
        self.seen.assign_add(ops.cast(images, self.seen.dtype))

    def adapt(self) -> None:
        """Counts an update of the discriminator; moves p if it is due."""
        updates, signs, seen, p = (
            ops.convert_to_tensor(each) for each in (self.updates, self.signs, self.seen, self.p)
        )
        due = updates + 1.0 >= self.every
        excess = ops.sign(signs - self.target * seen)  # of r - target, without a division
        self.p.assign(ops.where(due, ops.clip(p + excess * seen / self.adjustment_images, 0.0, 1.0), p))
        self.signs.assign(ops.where(due, 0.0, signs))
        self.seen.assign(ops.where(due, 0.0, seen))
        self.updates.assign(ops.where(due, 0.0, updates + 1.0))

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> dict[str, Any]:
        """Returns the parameters `(batch,)` of the changes, which do nothing where a change is not made.

        `flip` and `luma` are 1 or -1; `turns` int32 quarter turns; `before` and `after` angles of the rotations before
        and after the stretch, `hue` one about the grey axis; `shift` and `move`, `(batch, 2)`, pixels down and right.
        """
        rest = iter(ops.unstack(chances, self.num_chances, axis=1))
        p = ops.cast(ops.convert_to_tensor(self.p), chances.dtype)
        rotated = 1.0 - ops.sqrt(1.0 - p)

        def angle(chance: Any) -> Any:
            return math.pi * (2.0 * chance - 1.0)

        def sign(chance: Any) -> Any:
            return ops.where(chance < 0.5, 1.0, -1.0)

        def made(of: Any, none: Any, probability: Any = p) -> Any:
            """The change of the next number, where the one after it says that it is made."""
            change = of(next(rest))
            return ops.where(next(rest) < probability, change, ops.cast(none, change.dtype))

        def both(of: Any) -> Any:
            """Changes down and right, of two numbers, both made or none."""
            changes = [of(next(rest)) * side for side in image_shape[:2]]
            taken = next(rest) < p
            return ops.stack([ops.where(taken, change, 0.0) for change in changes], axis=1)

        return {
            "flip": made(sign, 1),
            "turns": made(lambda chance: drawn_integers(chance, 0, 3), 0),
            "shift": ops.round(both(lambda chance: 0.125 * (2.0 * chance - 1.0))),
            "scale": made(lambda chance: 2.0 ** (0.2 * drawn_normals(chance)), 1),
            "before": made(angle, 0, rotated),
            "stretch": made(lambda chance: 2.0 ** (0.2 * drawn_normals(chance)), 1),
            "after": made(angle, 0, rotated),
            "move": both(lambda chance: 0.125 * drawn_normals(chance)),
            "brightness": made(lambda chance: 0.2 * drawn_normals(chance), 0),
            "contrast": made(lambda chance: 2.0 ** (0.5 * drawn_normals(chance)), 1),
            "luma": made(sign, 1),
            "hue": made(angle, 0),
            "saturation": made(lambda chance: 2.0 ** drawn_normals(chance), 1),
        }

    def apply(self, images: Any, parameters: dict[str, Any]) -> Any:
        """Returns images `(batch, h, w, c)` changed with given parameters, as `call` does with drawn ones."""
        if self.blit or self.geometry:
            images = warped(images, self._sources(parameters))
        return self._coloured(images, parameters) if self.colour else images

    def _sources(self, parameters: dict[str, Any]) -> Any:
        """Where pixels come from: the inverses of the changes, in their order, so that the last is undone first."""
        inverses = []
        if self.blit:
            flip, shift = parameters["flip"], parameters["shift"]
            turns = (4 - parameters["turns"]) % 4
            inverses += [
                scaled(flip, ops.ones_like(flip)),
                quarter_turns(turns, flip.dtype),
                moved(-shift[:, 1], -shift[:, 0]),
            ]
        if self.geometry:
            scale, stretch, move = (parameters[name] for name in ("scale", "stretch", "move"))
            before, after = (
                turned(ops.cos(parameters[name]), -ops.sin(parameters[name])) for name in ("before", "after")
            )
            inverses += [scaled(1.0 / scale, 1.0 / scale), before, scaled(1.0 / stretch, stretch), after]
            inverses += [moved(-move[:, 1], -move[:, 0])]
        return composed(*inverses)

    def _coloured(self, images: Any, parameters: dict[str, Any]) -> Any:
        """All changes at once, since they act on the mean over the channels m and on what differs from it apart.

        Written as x and what is added to it, so that x stays the same to the bit where no change is made.
        """
        brightness, contrast, luma, hue, saturation = (
            ops.reshape(parameters[name], (-1, 1, 1, 1))
            for name in ("brightness", "contrast", "luma", "hue", "saturation")
        )
        mean = ops.mean(images, axis=3, keepdims=True)
        gain = luma * contrast
        changed = images + (gain - 1.0) * mean + gain * brightness
        if images.shape[3] == 1:
            return changed
        differs, chroma = images - mean, contrast * saturation
        # The vector product of the grey axis (1, 1, 1) / sqrt 3 and the colour.
        turned_by_a_quarter = (ops.roll(differs, 1, axis=3) - ops.roll(differs, -1, axis=3)) / math.sqrt(3.0)
        along, beside = chroma * ops.cos(hue), chroma * ops.sin(hue)
        return changed + (along - 1.0) * differs + beside * turned_by_a_quarter

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "blit": self.blit,
            "geometry": self.geometry,
            "colour": self.colour,
            "target": self.target,
            "adjustment_images": self.adjustment_images,
            "every": self.every,
        }
