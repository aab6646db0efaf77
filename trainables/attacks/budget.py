"""What an attack may spend: passes through the net, and seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Budget:
    """Limits of one measurement, from now on.

    Args:
        passes: images forward and images backward, together; None: no limit.
        seconds: None: no limit.
    """

    passes: int | None = None
    seconds: float | None = None
    began: float = field(default_factory=time.monotonic)

    def images(self, batch: int, done: int, passes: int) -> int:
        """How many of a batch of images still fit, at what those before have cost on average.

        Args:
            done: images that are done; the first batch is whole, since nothing is known of it.
            passes: what they took.
        """
        if done == 0:
            return batch
        fits = batch
        for limit, spent in ((self.passes, passes), (self.seconds, time.monotonic() - self.began)):
            if limit is not None and spent > 0:
                fits = min(fits, int((limit - spent) / (spent / done)))
        return max(0, fits)
