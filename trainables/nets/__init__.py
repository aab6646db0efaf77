"""Nets that are trained from scratch, as bodies: images_NCHW (normalised) -> features_NF."""
