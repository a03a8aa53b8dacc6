"""The section `data.validate`: which anomalies of the data stop a run."""

from typing import Literal

from pipelines.section import Fraction, Section

Severity = Literal["error", "warning", "ignore"]


class Validate(Section):
    """What an anomaly does: an ``error`` ends the run before training, a ``warning`` is shown in the report.

    ``untrained_label`` is a class of another split that ``train`` does not have, as in tests with unseen classes.
    ``leak`` is an image of one split that is nearly equal to one of another split; some published data sets have
    leaks. So both are warnings. ``label_drift`` means that the share of a class differs by more than
    ``label_distance`` from that in the schema, ``image_drift`` that the Jensen-Shannon divergence (in bits, 0 to 1) of
    a histogram of levels exceeds ``image_distance``.
    """

    missing_feature: Severity = "error"
    unreadable_image: Severity = "error"
    unseen_label: Severity = "error"
    untrained_label: Severity = "warning"
    size: Severity = "warning"
    channels: Severity = "warning"
    brightness: Severity = "warning"
    leak: Severity = "warning"
    label_drift: Severity = "warning"
    image_drift: Severity = "warning"
    label_distance: Fraction = 0.1
    image_distance: Fraction = 0.1
