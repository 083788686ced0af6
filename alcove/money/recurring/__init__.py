"""What comes back: operations that are one thing paid again and again, how often, and when next."""

from alcove.money.recurring.rhythm import Rhythm
from alcove.money.recurring.series import Series, series_of

__all__ = ["Rhythm", "Series", "series_of"]
