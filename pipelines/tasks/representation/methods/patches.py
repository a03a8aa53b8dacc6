"""Representations from patches of images: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Squares
from pipelines.recipe.method import Sections
from pipelines.section import PositiveFloat
from pipelines.tasks.representation.methods.encoders import Representation

if TYPE_CHECKING:
    import keras

    from pipelines.data.preparations.jigsaw import Jigsaw as JigsawPreparation
    from pipelines.data.preparations.overlapping_patches import OverlappingPatches


class FromPatches(Representation):
    """A method whose encoder sees patches in training, and whole images afterwards."""

    def free(self, prepare: Squares) -> keras.Model:
        """Makes the encoder for images of any size."""
        return self.encoder.build((None, None, prepare.channels))


class RelativePosition(FromPatches):
    """Doersch et al. 2015: predicts on which side of a patch its neighbour is."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"relative_position": ("patches", "position")}

    method: Literal["RelativePosition"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.RelativePosition, encoder=self.free(sections.prepare))


class Jigsaw(FromPatches):
    """Noroozi and Favaro 2016: predicts the order of the patches; the preparation gives the number of orders."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"jigsaw": ("patches", "permutation")}

    method: Literal["Jigsaw"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        prepare: JigsawPreparation = sections.prepare
        return self.made(
            models.Jigsaw,
            encoder=self.free(prepare),
            num_permutations=prepare.num_permutations,
            grid=prepare.grid,
        )


class CPC(FromPatches):
    """Van den Oord et al. 2018, Hénaff et al. 2019: finds the features of patches further on among all others.

    ``context_filters`` and ``context_blocks`` are those of the masked convolutions; each direction has its own.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"overlapping_patches": ("patches",)}

    method: Literal["CPC"]
    steps: list[PositiveInt] = Field(default=[1, 2, 3, 4, 5], min_length=1)
    directions: list[Literal["down", "up", "right", "left"]] = Field(default=["down"], min_length=1)
    context_filters: PositiveInt = 256
    context_blocks: PositiveInt = 5
    target_dim: PositiveInt | None = None
    scale: PositiveFloat = 1.0

    def check(self, prepare: OverlappingPatches) -> None:
        """Checks that there is something to predict on the grid."""
        from keras_genssl.pretext.overlapping_patches import check_prediction

        check_prediction(prepare.rows, prepare.columns, self.steps, self.directions)

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        prepare: OverlappingPatches = sections.prepare
        encoder = self.free(prepare)
        contexts = [
            backbones.context_network(
                encoder.output_shape[-1], self.context_filters, self.context_blocks, name=f"context_{direction}"
            )
            for direction in self.directions
        ]
        return self.made(models.CPC, encoder=encoder, rows=prepare.rows, columns=prepare.columns, contexts=contexts)


AnyPatches = RelativePosition | Jigsaw | CPC
