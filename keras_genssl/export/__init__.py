"""SavedModels that take image bytes, and the check that they run without Keras and without this package."""

from keras_genssl.export.verify import CheckFailed, CheckResult, check
from keras_genssl.export.writer import saved_model

__all__ = ["CheckFailed", "CheckResult", "check", "saved_model"]
