"""The learning rate of a head on cached features, where nobody says another one.

Warm-up matters little to a linear head: see `trainables/schedules/cosine.py` for what it is for.
"""

from __future__ import annotations

from trainables.schedules.cosine import Cosine

HEAD_SCHEDULE = Cosine(warmup_share=0.1)
