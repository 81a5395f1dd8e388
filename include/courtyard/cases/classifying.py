"""What a report is about: points of every category by the pack's words, the best one with its confidence. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from courtyard.cases.wording import letters
from courtyard.district.cases import CaseRules, Category

_NOWHERE = ""  # of words that tell where, not what
_URGENT_FIRST = {"emergency": 0, "urgent": 1, "normal": 2}


@dataclass(frozen=True)
class Guess:
    """A category, how sure (0 to 1, three digits), and why: the words of the rules that were found."""

    category: str
    confidence: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Match:
    start: int
    end: int
    category: str
    word: str
    points: float


class Classifier:
    """The rules of a pack, made ready for many texts; `Classifying` says how points are counted."""

    def __init__(self, rules: CaseRules) -> None:
        self._rules = rules
        self._how = rules.classifying
        told = [category for category in rules.categories if category.code != rules.fallback]
        self._called = [(category, _names(category)) for category in told]
        self._order = {category.code: (_URGENT_FIRST[category.urgency], category.code) for category in rules.categories}
        self._words = [
            (self._read(word), category.code, word, points)
            for category in told
            for words, points in ((category.words, self._how.word), (category.hints, self._how.hint))
            for word in words
        ] + [(self._read(word), _NOWHERE, word, 0.0) for word in self._how.where]

    def guess(self, text: str, kinds: Iterable[str] = ()) -> Guess:
        """The category of a text that its sender calls by `kinds`; of equally good ones the more urgent."""
        points, reasons = self._points(self._read(text))
        kinds = {letters(kind) for kind in kinds if kind}
        sent = [category for category, names in self._called if kinds & names]
        for category in sent:
            points[category.code] += self._how.sender
            reasons[category.code].append(f"来源类别：{category.title}")
        ranked = sorted((code for code in points if points[code] > 0), key=lambda c: (-points[c], self._order[c]))
        if not ranked:
            return Guess(self._rules.fallback, 0.0)
        best, second = points[ranked[0]], points[ranked[1]] if len(ranked) > 1 else 0.0
        confidence = min(1.0, best / self._how.enough) * best / (best + second)
        return Guess(ranked[0], round(confidence, 3), tuple(reasons[ranked[0]]))

    def is_sure(self, guess: Guess) -> bool:
        return guess.confidence >= self._rules.sure_from

    def _read(self, text: str) -> str:
        return letters(text, self._how.spellings)

    def _points(self, text: str) -> tuple[defaultdict[str, float], defaultdict[str, list[str]]]:
        """Points and words by category: every covered character once, at its dearest."""
        found = [match for entry in self._words if entry[0] in text for match in _matches(text, *entry)]
        found = _longest(found)
        covered: dict[str, dict[int, float]] = defaultdict(dict)
        reasons: defaultdict[str, list[str]] = defaultdict(list)
        for match in found:
            mine = covered[match.category]
            for place in range(match.start, match.end):
                mine[place] = max(mine.get(place, 0.0), match.points)
            if match.word not in reasons[match.category]:
                reasons[match.category].append(match.word)
        return defaultdict(float, {code: sum(mine.values()) for code, mine in covered.items()}), reasons


def _names(category: Category) -> set[str]:
    return {letters(name) for name in (category.code, category.title, *category.names)}


def _matches(text: str, sought: str, category: str, word: str, points: float) -> Iterable[_Match]:
    start = text.find(sought) if sought else -1
    while start >= 0:
        yield _Match(start, start + len(sought), category, word, points)
        start = text.find(sought, start + 1)


def _longest(found: Sequence[_Match]) -> list[_Match]:
    """The matches that lie in no longer one."""
    ends: dict[int, int] = defaultdict(int)
    for match in found:
        ends[match.start] = max(ends[match.start], match.end)
    reach = max((end - start for start, end in ends.items()), default=0)

    def lies_in_another(match: _Match) -> bool:
        before = (ends.get(start, 0) for start in range(match.start - reach, match.start))
        return ends[match.start] > match.end or any(end >= match.end for end in before)

    return [match for match in found if not lies_in_another(match)]
