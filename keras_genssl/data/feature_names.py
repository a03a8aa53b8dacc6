"""The check of the argument `features`."""

from collections.abc import Iterable, Sequence


def require_names(names: Sequence[str], available: Iterable[str]) -> None:
    """Raises a ValueError unless all of `names`, the argument `features`, are available."""
    if isinstance(names, str) or not names or not set(names) <= set(available):
        raise ValueError(
            f"`features` must be a non-empty sequence of names out of {list(available)}. Received: features={names!r}"
        )
