"""SavedModels that take image bytes, and a check that they run without Keras and without this package."""

from keras_genssl.export.clean import CheckFailed, CleanProcess
from keras_genssl.export.verify import CheckResult, check
from keras_genssl.export.writer import saved_model

__all__ = ["CheckFailed", "CheckResult", "CleanProcess", "check", "saved_model"]
