"""Representations from pretext tasks: method name -> its parameters in a recipe and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pipelines.methods.encoders import Representation

if TYPE_CHECKING:
    import keras

    from pipelines.schema import RepresentationRecipe as Recipe


class Rotation(Representation):
    """Gidaris et al. 2018: which way up an image is, of all four copies, or of images that were prepared turned."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image",), "rotations": ("image", "rotation")}

    method: Literal["Rotation"]

    def build(self, recipe: Recipe) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import models

        return models.Rotation(self.encoder.build(recipe.prepare.shape))
