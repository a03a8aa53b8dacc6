"""The accuracy of a linear classifier on features."""

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.checked_features import checked_both


def linear_accuracy(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    train_features: npt.ArrayLike,
    train_labels: npt.ArrayLike,
    penalty: float = 1.0,
    max_steps: int = 1000,
) -> float:
    """Computes the accuracy of a logistic regression on frozen features: the linear probe.

    scikit-learn's `LogisticRegression` by L-BFGS, deterministic, in float64. Features are centred by the mean of the
    training features and divided by one number, the root of their mean variance. The objective is the *sum* of
    cross-entropies plus ``penalty / 2 |weights|²`` (intercepts free), so ``C = 1 / penalty``. A rotation of the
    features does not change the result. Dividing each dimension by its own deviation would whiten principal components,
    and make a baseline look worse.

    Args:
        features: features of the test images, float ``(num, dim)``.
        labels: ``(num,)`` of integers or strings.
        train_features: ``(num_train, dim)``.
        train_labels: ``(num_train,)``, of at least two classes.
        penalty: penalty on the squared weights, positive.
        max_steps: largest number of steps of L-BFGS, which warns if it has not converged by then.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid, or a feature is not finite.

    Example:
        >>> linear_accuracy([[0.2], [0.9], [1.8]], [0, 0, 1], [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        1.0
    """
    values = checked_both(features, labels, train_features, train_labels, "train")
    known, judged = rescaled(values[2], values[2]), rescaled(values[2], values[0])
    return fitted_accuracy(judged, values[1], known, values[3], penalty, max_steps)


def rescaled(reference: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Returns float64 features minus the mean of the reference features, divided by the root of their mean variance."""
    scale = np.sqrt(reference.var(axis=0, dtype=np.float64).mean())
    return (features - reference.mean(axis=0, dtype=np.float64)) / (scale or 1.0)


def fitted_accuracy(
    features: np.ndarray,
    labels: np.ndarray,
    train_features: np.ndarray,
    train_labels: np.ndarray,
    penalty: float,
    max_steps: int = 1000,
) -> float:
    """Computes `linear_accuracy` of features that are already rescaled."""
    from sklearn.linear_model import LogisticRegression

    if not penalty > 0:
        raise ValueError(f"`penalty` must be positive. Received: penalty={penalty}")
    if max_steps < 1:
        raise ValueError(f"`max_steps` must be positive. Received: max_steps={max_steps}")
    if len(np.unique(train_labels)) < 2:
        raise ValueError(f"`train_labels` must hold two classes at least. Received: {train_labels[0]} alone")
    if len(train_features) < train_features.shape[1]:
        # The penalty leaves no weight outside the span of these features, so a basis of it gives the same classifier.
        basis = np.linalg.qr(train_features.T).Q
        train_features, features = train_features @ basis, features @ basis
    classifier = LogisticRegression(C=1 / penalty, max_iter=max_steps).fit(train_features, train_labels)
    return float(classifier.score(features, labels))
