"""What the names of sub-folders say of the images in them: their split and their class."""

from collections.abc import Iterable, Sequence

from keras_genssl.pretext.names import canonical

# Names of one kind of split, in any case; the first kind is trained on, the others are held out.
_KINDS = (("train", "training"), ("val", "valid", "validation", "dev"), ("test", "testing", "eval", "evaluation"))


class ClassFolders:
    """The splits and the classes of a folder of images.

    A folder is divided into splits where a sub-folder is called `train` or `training` and another like a split that is
    held out (`val`, `valid`, `validation`, `dev`, `test`, `testing`, `eval`, `evaluation`), in any case. The classes
    are then the folders inside the splits, those of all splits together, so that a number means the same class in each.
    Otherwise the sub-folders are the classes. Spellings of one name in Unicode are one class.

    Args:
        names: of all images, as `find_images` gives them.
        class_names: the classes, of which number i is the i-th; None: those that are there, sorted. Where they name
            sub-folders that are called like splits, these are classes.

    Attributes:
        splits: the sub-folders that are splits, sorted; empty where the folder is not divided.
        class_names: the classes by number.
        doubt: what a reader should know where sub-folders may be meant in another way, a sentence; None: nothing.

    Raises:
        ValueError: if `class_names` are not different strings.

    Example:
        >>> folders = ClassFolders(["train/cat/1.png", "train/dog/2.png", "val/dog/3.png"])
        >>> folders.splits, folders.class_names, folders.numbers(["val/dog/3.png"])
        (('train', 'val'), ('cat', 'dog'), [1])
    """

    def __init__(self, names: Sequence[str], class_names: Sequence[str] | None = None) -> None:
        self._given = None if class_names is None else _checked(class_names)
        folders = sorted({name.partition("/")[0] for name in names if "/" in name})
        kinds = {folder: kind for folder in folders if (kind := _kind(folder)) is not None}
        meant = bool(kinds) and {canonical(folder) for folder in kinds} <= {*(self._given or ())}
        divided = not meant and 0 in kinds.values() and len({*kinds.values()}) > 1
        self._kinds = kinds if divided else {}
        self.splits = tuple(self._kinds)
        inside = [name for name in names if not divided or name.partition("/")[0] in kinds]
        found = {label for label in map(self.class_of, inside) if label is not None}
        self.class_names = tuple(sorted(found)) if self._given is None else self._given
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
        """The sub-folder that is a split: that of its name, in any case, or the one of its kind; None: no such."""
        same = [folder for folder in self.splits if folder.casefold() == name.casefold()]
        alike = same or [folder for folder, kind in self._kinds.items() if kind == _kind(name)]
        return name if name in same else alike[0] if len(alike) == 1 else None

    def held_out(self) -> list[str]:
        """The sub-folders that are splits and are not trained on."""
        return [folder for folder, kind in self._kinds.items() if kind > 0]

    def class_of(self, name: str) -> str | None:
        """The class of an image by its name, or None where it lies in no folder of one."""
        folders = name.split("/")[:-1]
        if folders and folders[0] in self._kinds:
            folders = folders[1:]
        return canonical(folders[0]) if folders else None

    def number(self, name: str) -> int:
        """The number of the class of an image that lies in the folder of one."""
        return self.class_names.index(str(self.class_of(name)))

    def numbers(self, names: Iterable[str]) -> list[int] | None:
        """The numbers of the classes of images; None: not all of them lie in the folder of one.

        Raises:
            ValueError: where `class_names` were given, if one lies in none, or in another than these.
        """
        labels = {name: self.class_of(name) for name in names}
        number = {label: index for index, label in enumerate(self.class_names)}
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
