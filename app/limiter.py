"""How often somebody may ask: a bucket for each that fills evenly, in the memory of each process.

In memory, because a bucket in the database would turn every read into a write.
"""

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

WINDOW_S = 60


@dataclass
class Bucket:
    """What somebody has left."""

    left: float
    at: float


@dataclass
class Limiter:
    """The buckets of this process: ``quota`` requests at once, and as many again in each window."""

    quota: int
    _buckets: dict[int, Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: int) -> float:
        """Take one request from a bucket; return what is left, below 0 when there was none to take."""
        moment = monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, Bucket(self.quota, moment))
            back = (moment - bucket.at) / WINDOW_S * self.quota
            bucket.left, bucket.at = min(float(self.quota), bucket.left + back), moment
            if bucket.left < 1:
                return bucket.left - 1
            bucket.left -= 1
            return bucket.left
