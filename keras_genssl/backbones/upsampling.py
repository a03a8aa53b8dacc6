"""The scales of super-resolution networks, and the stages that reach each."""

_STAGES: dict[int, tuple[int, ...]] = {2: (2,), 3: (3,), 4: (2, 2)}


def check_scale(scale: int) -> None:
    """Raise ValueError unless ``scale`` is 2, 3 or 4."""
    if scale not in _STAGES:
        raise ValueError(f"`scale` must be 2, 3 or 4. Received: scale={scale}")


def stages(scale: int) -> tuple[int, ...]:
    """Returns the factors of the sub-pixel stages that reach ``scale``: one for 2 and 3, two factors of 2 for 4."""
    check_scale(scale)
    return _STAGES[scale]
