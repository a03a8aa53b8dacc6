"""TFX-style pipelines of keras_genssl: the only place that imports Beam."""
