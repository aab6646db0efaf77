"""Features of frozen bodies: extracted fast, once, and kept. Importing this imports no torch."""

from trainables.features.budget import CacheEntry, empty_cache, list_cache
from trainables.features.cache import FeatureBlock, cached_features
from trainables.features.key import FeatureKey
from trainables.features.precision import settle_precision
from trainables.features.speed import measure_speed

__all__ = [
    "CacheEntry",
    "FeatureBlock",
    "FeatureKey",
    "cached_features",
    "empty_cache",
    "list_cache",
    "measure_speed",
    "settle_precision",
]
