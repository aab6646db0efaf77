"""Looks at a data set itself for what would spoil a result, before anything is trained on it."""

from trainables.data.check.checking import check_data
from trainables.data.check.value import DataCheck, Pair

__all__ = ["DataCheck", "Pair", "check_data"]
