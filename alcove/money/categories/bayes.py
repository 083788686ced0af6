"""Complement naive Bayes on short texts, in pure Python (Rennie et al. 2003: "Tackling the poor assumptions...").

A class is scored by how badly the texts of all *other* classes explain the features: rare classes are not drowned by
frequent ones. Training and asking look only at the features that a class really has.
"""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALPHA = 0.1
"""Smoothing: small, since a merchant's name seen once already says nearly all."""


class Bayes:
    """A trained model."""

    def __init__(self, samples: Iterable[tuple[Sequence[str], str, float]]) -> None:
        """`samples` are (features, class, weight)."""
        by_class: dict[str, Counter[str]] = {}
        total: Counter[str] = Counter()
        for features, name, weight in samples:
            own = by_class.setdefault(name, Counter())
            for feature in features:
                own[feature] += weight  # type: ignore[assignment]  # counters hold weights too
                total[feature] += weight  # type: ignore[assignment]
        self.classes = sorted(by_class)
        size, mass = len(total), sum(total.values())
        self._log = {feature: log(ALPHA + count) for feature, count in total.items()}
        everything = sum(self._log.values())
        self._gain: dict[str, list[tuple[int, float]]] = {}
        self._beside: list[float] = []
        self._norm: list[float] = []
        for number, name in enumerate(self.classes):
            own = by_class[name]
            beside = log(ALPHA * size + mass - sum(own.values()))
            gained = 0.0
            for feature, count in own.items():
                gain = self._log[feature] - log(ALPHA + max(total[feature] - count, 0.0))
                self._gain.setdefault(feature, []).append((number, gain))
                gained += gain
            self._beside.append(beside)
            self._norm.append(max(size * beside - everything + gained, 1e-9))

    def ask(self, features: Sequence[str]) -> tuple[str, float]:
        """The best class and by how much it is better than the second, as a share of the best; ("", 0) for nothing."""
        known = [feature for feature in features if feature in self._log]
        if len(self.classes) < 2 or not known:
            return "", 0.0
        base = sum(self._log[feature] for feature in known)
        gains = [0.0] * len(self.classes)
        for feature in known:
            for number, gain in self._gain[feature]:
                gains[number] += gain
        scores = [
            ((gains[n] + len(known) * self._beside[n] - base) / self._norm[n], n) for n in range(len(self.classes))
        ]
        scores.sort(key=lambda pair: (-pair[0], pair[1]))
        (best, number), (second, _) = scores[0], scores[1]
        return self.classes[number], (best - second) / best if best > 0 else 0.0
