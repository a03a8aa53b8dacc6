"""What a caller may ask for by `features`."""

from collections.abc import Iterable, Sequence


def require_names(names: Sequence[str], available: Iterable[str]) -> None:
    """Raises ValueError unless `names`, the argument `features`, are some of those available."""
    if isinstance(names, str) or not names or not set(names) <= set(available):
        raise ValueError(
            f"`features` must be a non-empty sequence of names out of {list(available)}. Received: features={names!r}"
        )
