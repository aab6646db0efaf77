"""Image data: named sources, stored once as arrays that every worker memory-maps."""

from trainables.data.listing import SourceInfo, list_sources
from trainables.data.loading import SOURCES, fetch, load
from trainables.data.test_split import TestOpening, open_test, read_ledger, test_openings
from trainables.data.value import ImageData

__all__ = [
    "SOURCES",
    "ImageData",
    "SourceInfo",
    "TestOpening",
    "fetch",
    "list_sources",
    "load",
    "open_test",
    "read_ledger",
    "test_openings",
]
