"""The splits and classes that the names of sub-folders give to images."""

from collections.abc import Iterable, Sequence

from keras_genssl.pretext.names import canonical

# Names of each kind of split, in any case. The first kind is for training; the others are held out.
_KINDS = (("train", "training"), ("val", "valid", "validation", "dev"), ("test", "testing", "eval", "evaluation"))


class ClassFolders:
    """The splits and the classes of a folder of images.

    A folder is divided into splits if one sub-folder is called `train` or `training` and another is named like a
    held-out split (`val`, `valid`, `validation`, `dev`, `test`, `testing`, `eval`, `evaluation`), in any case. The
    classes are then the folders inside all splits together, so a number means the same class in each split. Otherwise
    the sub-folders are the classes. Different Unicode spellings of one name are one class.

    Args:
        names: the names of all images, as `find_images` gives them.
        class_names: the classes in the order of their numbers; None for the existing ones, sorted. Sub-folders that
            they name are classes, even if they are named like splits.
        unlabelled: the sub-folder, of the folder or of its splits, whose images have no label and get the number -1.

    Attributes:
        splits: the sub-folders that are splits, sorted; empty if the folder is not divided.
        class_names: the classes by number.
        doubt: a warning, one sentence, if the sub-folders may be meant in another way; otherwise None.

    Raises:
        ValueError: if `class_names` are not different strings, or `unlabelled` is one of them or holds no image.

    Example:
        >>> folders = ClassFolders(["train/cat/1.png", "train/dog/2.png", "val/dog/3.png"])
        >>> folders.splits, folders.class_names, folders.numbers(["val/dog/3.png"])
        (('train', 'val'), ('cat', 'dog'), [1])
    """

    def __init__(
        self, names: Sequence[str], class_names: Sequence[str] | None = None, unlabelled: str | None = None
    ) -> None:
        self._given = None if class_names is None else _checked(class_names)
        folders = sorted({name.partition("/")[0] for name in names if "/" in name})
        kinds = {folder: kind for folder in folders if (kind := _kind(folder)) is not None}
        meant = bool(kinds) and {canonical(folder) for folder in kinds} <= {*(self._given or ())}
        divided = not meant and 0 in kinds.values() and len({*kinds.values()}) > 1
        self._kinds = kinds if divided else {}
        self.splits = tuple(self._kinds)
        inside = [name for name in names if not divided or name.partition("/")[0] in kinds]
        found = {label for label in map(self.class_of, inside) if label is not None}
        self._unlabelled = None if unlabelled is None else canonical(unlabelled)
        if self._unlabelled is not None and (self._unlabelled not in found or self._unlabelled in (self._given or ())):
            raise ValueError(
                "`unlabelled` must name a sub-folder that holds images, and that is no class. Received: "
                f"unlabelled={unlabelled!r}, and the sub-folders {', '.join(sorted(found)[:9]) or 'none'}"
            )
        self.class_names = tuple(sorted(found - {self._unlabelled})) if self._given is None else self._given
        self.doubt: str | None = None
        if divided and len(inside) < len(names):
            self.doubt = (
                f"The sub-folders {', '.join(self.splits)} are the splits: {len(names) - len(inside)} images that lie "
                "in none of them are not read"
            )
        elif kinds and not divided and self._given is None:
            self.doubt = (
                f"The sub-folder {next(iter(kinds))} is called like a split and is read as a class: name the classes "
                "by `class_names` if it is one. Splits are read where there is one to train on, train, and another, "
                "val or test"
            )

    def split(self, name: str) -> str | None:
        """Returns the sub-folder of a split, found by its name in any case or by its kind; None if there is none."""
        same = [folder for folder in self.splits if folder.casefold() == name.casefold()]
        alike = same or [folder for folder, kind in self._kinds.items() if kind == _kind(name)]
        return name if name in same else alike[0] if len(alike) == 1 else None

    def held_out(self) -> list[str]:
        """Returns the sub-folders of the held-out splits."""
        return [folder for folder, kind in self._kinds.items() if kind > 0]

    def class_of(self, name: str) -> str | None:
        """Returns the class of an image by its name, or None if it lies in no folder of a class."""
        folders = name.split("/")[:-1]
        if folders and folders[0] in self._kinds:
            folders = folders[1:]
        return canonical(folders[0]) if folders else None

    def number(self, name: str) -> int:
        """Returns the number of the class of an image that lies in the folder of a class."""
        return self.class_names.index(str(self.class_of(name)))

    def numbers(self, names: Iterable[str]) -> list[int] | None:
        """Returns the numbers of the classes of images, or None if not all lie in a folder.

        Images without a label have the number -1.

        Raises:
            ValueError: if `class_names` were given and an image lies in none of these classes, or `unlabelled` was
                given and an image lies in no folder.
        """
        labels = {name: self.class_of(name) for name in names}
        number = {label: index for index, label in enumerate(self.class_names)}
        if self._unlabelled is not None:
            number[self._unlabelled] = -1
        strange = {name: label for name, label in labels.items() if label not in number}
        if strange and self._given is not None:
            unknown = sorted({label for label in strange.values() if label is not None})
            what = (
                f"the sub-folders {', '.join(unknown[:9])}" if unknown else f"{next(iter(strange))}, in no sub-folder"
            )
            raise ValueError(
                "`class_names` must name every sub-folder that holds images, and each image must lie in one. "
                f"Received: class_names={list(self.class_names)}, and {what}"
            )
        if strange and self._unlabelled is not None:
            raise ValueError(
                "`unlabelled` must be the sub-folder of all images without a label. "
                f"Received: unlabelled={self._unlabelled!r}, and {next(iter(strange))}, in no sub-folder"
            )
        return None if strange else [number[str(label)] for label in labels.values()]


def _kind(folder: str) -> int | None:
    return next((kind for kind, names in enumerate(_KINDS) if folder.casefold() in names), None)


def _checked(class_names: Iterable[str]) -> tuple[str, ...]:
    names = () if isinstance(class_names, str) or not isinstance(class_names, Iterable) else tuple(class_names)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"`class_names` must be a sequence of names. Received: class_names={class_names!r}")
    spelled = tuple(map(canonical, names))
    if len(set(spelled)) < len(spelled):
        raise ValueError(f"`class_names` must name each class once. Received: class_names={list(names)}")
    return spelled
