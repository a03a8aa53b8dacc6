"""Three frames of a film, in order or out of order."""

import itertools
from typing import Any

import numpy as np

_DRAWS = 32


def frame_order(
    example: dict[str, Any],
    seed: int,
    max_span: int = 60,
    min_distance: int = 15,
    negatives: float = 0.75,
    size: int | None = None,
    least_difference: float = 2.0,
) -> dict[str, Any]:
    """Draw three frames, in order or with the middle one replaced: an example of order verification.

    Misra et al., 2016, Section 3. For frames b < c < d, with d at most `max_span` after b, (b, c, d) is in order.
    (b, x, d) is out of order if x is at least `min_distance` and at most `max_span` before b or after d. First and last
    frame are the same kind of frames in both cases, so only the middle one tells. Half of all tuples are reversed,
    which keeps them in or out of order, and half are mirrored, all three frames alike.

    Pairs (b, d) are drawn in proportion to the motion between them. The paper measures motion by optical flow. Here it
    is the mean difference of successive frames (`frame_motion`), unless the example contains it. The middle frame and
    its replacement must differ (in the paper: by the squared difference of pixels); otherwise all is drawn again.

    Reference:
        - Misra et al. 2016, [Shuffle and Learn](https://arxiv.org/abs/1603.08561)

    Args:
        example: a dict whose "frames" is uint8 (num, height, width, channels), in order. It may hold "motion", finite
            numbers (num - 1,) of at least 0, from each frame to the next, so that a film is measured only once.
        seed: non-negative integer. Equal seeds give equal draws.
        max_span: largest number of frames from first to last, at least 2.
        min_distance: smallest number of frames from the outer frames to the replacement, at least 1.
        negatives: share of examples that are out of order, in [0, 1].
        size: height and width of a crop, the same for all three frames; None for whole frames.
        least_difference: smallest root mean squared difference of the middle frame and its replacement, in levels of
            8 bits, not negative.

    Returns:
        "frames": uint8 (3, height, width, channels); "ordered": int32 scalar, 1 or 0. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid, the frames are fewer than 3 + `min_distance`, or 32 draws found no
            motion.

    Example:
        >>> film = np.arange(0, 240, 8, dtype=np.uint8)[:, None, None, None] * np.ones((4, 4, 1), np.uint8)
        >>> tuple_ = frame_order({"frames": film}, seed=0, max_span=6, min_distance=2)
        >>> tuple_["frames"].shape, int(tuple_["ordered"])
        ((3, 4, 4, 1), 0)
    """
    frames = _check_frames(example["frames"], max_span, min_distance, negatives, least_difference, size)
    motion = _check_motion(example["motion"], len(frames)) if "motion" in example else frame_motion(frames)
    rng = np.random.default_rng(seed)
    ordered, turned, mirrored = rng.random() >= negatives, rng.integers(2), rng.integers(2)
    pairs, weights = _pairs(motion, max_span, min_distance)
    for _ in range(_DRAWS if len(pairs) else 0):
        first, last = pairs[np.searchsorted(weights, rng.random() * weights[-1], side="right")]
        middle = int(rng.integers(first + 1, last))
        replacement = int(rng.choice(_outside(len(frames), first, last, max_span, min_distance)))
        if _difference(frames[middle], frames[replacement]) >= least_difference:
            break
    else:
        raise ValueError(
            f'`example["frames"]` must move: no middle frame differed by `least_difference`={least_difference} from '
            f"its replacement. Received: {len(frames)} frames in which {_DRAWS} draws found none"
        )
    chosen = frames[[first, middle if ordered else replacement, last]]
    if size is not None:
        top, left = (int(rng.integers(side - size + 1)) for side in frames.shape[1:3])
        chosen = chosen[:, top : top + size, left : left + size]
    chosen = chosen[::-1] if turned else chosen
    chosen = chosen[:, :, ::-1] if mirrored else chosen
    return {"frames": np.ascontiguousarray(chosen), "ordered": np.array(ordered, np.int32)}


def frame_motion(frames: np.ndarray) -> np.ndarray:
    """Measure the motion from each frame of a film to the next: the mean absolute difference of their pixels.

    Args:
        frames: uint8 (num, height, width, channels), in order.

    Returns:
        float64 (num - 1,), in levels of 8 bits.

    Example:
        >>> frame_motion(np.array([0, 3, 1], np.uint8)[:, None, None, None]).tolist()
        [3.0, 2.0]
    """
    steps = [np.abs(one.astype(np.int16) - other).mean() for one, other in itertools.pairwise(frames)]
    return np.array(steps, np.float64)


def _pairs(motion: np.ndarray, max_span: int, min_distance: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last frames between which one lies and beyond which one may, `(num, 2)`; their cumulated weights."""
    count = len(motion) + 1
    travelled = np.concatenate([[0.0], np.cumsum(motion)])
    first, span = np.arange(count)[:, None], np.arange(2, min(max_span, count - 1) + 1)  # not all pairs: films are long
    last = first + span
    fits = (last < count) & ((first >= min_distance) | (last + min_distance < count))
    pairs = np.stack([np.broadcast_to(first, last.shape)[fits], last[fits]], axis=-1)
    mean = (travelled[pairs[:, 1]] - travelled[pairs[:, 0]]) / (pairs[:, 1] - pairs[:, 0])
    moving = mean > 0
    return pairs[moving], np.cumsum(mean[moving])


def _outside(count: int, first: int, last: int, max_span: int, min_distance: int) -> np.ndarray:
    """Returns the frames that may replace the middle one."""
    before = np.arange(max(first - max_span, 0), first - min_distance + 1)
    after = np.arange(last + min_distance, min(last + max_span + 1, count))
    return np.concatenate([before, after])


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.square(one.astype(np.float64) - other).mean()))


def _check_motion(motion: Any, count: int) -> np.ndarray:
    motion = np.asarray(motion, np.float64)
    if motion.shape != (count - 1,) or not np.isfinite(motion).all() or (motion < 0).any():
        raise ValueError(
            f'`example["motion"]` must be finite numbers of at least 0, one less than frames, ({count - 1},). '
            f"Received: shape={motion.shape}, values={motion}"
        )
    return motion


def _check_frames(
    frames: Any, max_span: int, min_distance: int, negatives: float, least_difference: float, size: int | None
) -> np.ndarray:
    for name, value, least in (("max_span", max_span, 2), ("min_distance", min_distance, 1), ("size", size, 1)):
        free = name == "size" and value is None
        if not free and (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least):
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    if min_distance > max_span:
        raise ValueError(
            f"`min_distance` must be at most `max_span`. Received: min_distance={min_distance}, max_span={max_span}"
        )
    if not 0 <= negatives <= 1:
        raise ValueError(f"`negatives` must lie in [0, 1]. Received: negatives={negatives!r}")
    if not least_difference >= 0:
        raise ValueError(f"`least_difference` must not be negative. Received: least_difference={least_difference!r}")
    frames = np.asarray(frames)
    if frames.dtype != np.uint8 or frames.ndim != 4 or 0 in frames.shape:
        raise ValueError(
            '`example["frames"]` must be a uint8 array (num, height, width, channels). '
            f"Received: dtype={frames.dtype}, shape={frames.shape}"
        )
    if len(frames) < 3 + min_distance:
        raise ValueError(
            f'`example["frames"]` must hold at least 3 + `min_distance` = {3 + min_distance} frames. '
            f"Received: {len(frames)}"
        )
    if size is not None and min(frames.shape[1:3]) < size:
        raise ValueError(
            f'`example["frames"]` must be at least `size` = {size} pixels high and wide. Received: shape={frames.shape}'
        )
    return frames
