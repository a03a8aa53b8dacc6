"""The photographs inside scikit-image and scikit-learn."""

from typing import ClassVar, Literal

from pipelines.data.sources.base import Divided


class Embedded(Divided):
    """The photographs inside scikit-image and scikit-learn, which everyone has."""

    example_gen: ClassVar[str] = "pipelines.data.example_gen.embedded"

    source: Literal["embedded"] = "embedded"

    @property
    def where(self) -> str:
        """The packages that hold them."""
        return "photographs inside scikit-image and scikit-learn"

    @property
    def described(self) -> str:
        """The packages that hold them."""
        return f"the {self.where}"

    @property
    def license(self) -> str:
        """That of this project."""
        return "Apache-2.0"
