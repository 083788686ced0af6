"""The sample person: an invented household in an instance of its own, made for who wants to look around first."""

from alcove.sample.model import SAMPLES
from alcove.sample.service import Samples

__all__ = ["SAMPLES", "Samples"]
