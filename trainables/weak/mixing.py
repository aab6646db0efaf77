"""How images of a pool are mixed into batches, and what an epoch is then.

An epoch is one pass over the labelled images or over the pool's, whichever takes more steps; the
others come round as often as it takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from search_spaces.options import Value
from trainables.weak.kind import POOL

LABELLED = "labelled"
"""Option: the share of a batch that has true labels; 0 mixes all images as they come."""
RATIO = "ratio"
"""Option: images without a label beside each one of a batch."""


def pool_count(options: Mapping[str, Value], pool: int) -> int:
    """How many of `pool` images take part, by the option `pool`."""
    asked = float(options.get(POOL.name, 0))
    wanted = round(asked * pool) if asked < 1 else int(asked)
    return min(wanted, pool) if asked and wanted else pool


@dataclass(frozen=True)
class Mixing:
    """Images of one step.

    Args:
        size: of a batch, all of them with labels or pseudo-labels.
        own: of these, with true labels; 0 where all are mixed as they come.
        beside: images without a label, beside the batch.
    """

    size: int
    own: int = 0
    beside: int = 0

    @classmethod
    def of(cls, options: Mapping[str, Value], batch_size: int, pool: int) -> Mixing:
        """From the options of a method, for a pool of so many images (0: as without one)."""
        if not pool:
            return cls(batch_size)
        share, ratio = float(options.get(LABELLED, 0)), int(options.get(RATIO, 0))
        own = min(max(1, round(share * batch_size)), batch_size - 1) if share else 0
        return cls(batch_size, max(0, own), ratio * batch_size)

    def steps(self, labelled: int, pool: int) -> int:
        """Steps of an epoch."""
        if self.beside:
            return max(math.ceil(labelled / self.size), math.ceil(pool / self.beside))
        if self.own:
            return max(math.ceil(labelled / self.own), math.ceil(pool / (self.size - self.own)))
        return math.ceil((labelled + pool) / self.size)

    def images(self, labelled: int, pool: int) -> int:
        """Images that go through the net in an epoch; one beside a batch goes twice, changed."""
        if self.beside:
            return self.steps(labelled, pool) * (self.size + 2 * self.beside)
        return self.steps(labelled, pool) * self.size if self.own else labelled + pool
