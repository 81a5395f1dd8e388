"""What must hold among the changes of courtyards. Every check yields written problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from courtyard.district.history import History
from courtyard.district.pack import Pack


def _changes(pack: Pack) -> Iterator[str]:
    """Each change by itself, then what they say together; later checks need what earlier ones make sure of."""
    for check in (_each, _contradictions, _circles, _existence, _buildings):
        problems = list(check(pack))
        yield from problems
        if problems:
            return


def _each(pack: Pack) -> Iterator[str]:
    document = pack.changes.document
    courtyards = {courtyard.code for courtyard in pack.courtyards.value}
    for index, change in enumerate(pack.changes.value):
        for key in ("from_code", "to_code"):
            if getattr(change, key) not in courtyards:
                remedy = "Name a courtyard of courtyards.csv; former ones stay in it."
                yield document.problem((index, key), "there is no such courtyard", remedy)
        is_renamed = change.kind == "renamed"
        if is_renamed != (change.from_code == change.to_code):
            what = "is not the renamed courtyard itself" if is_renamed else "is the courtyard itself"
            yield document.problem((index, "to_code"), what, "Correct the code.")
        if is_renamed != (change.former_name is not None):
            what = "a renamed courtyard had another name" if is_renamed else "only a renamed courtyard has one"
            yield document.problem((index, "former_name"), what, "Fill it in." if is_renamed else "Leave it empty.")
        if is_renamed == bool(change.buildings):
            what = "a renamed courtyard keeps its buildings" if is_renamed else "names no building that goes over"
            yield document.problem((index, "buildings"), what, "Leave it empty." if is_renamed else "Name them.")
        elif change.buildings and len(change.numbers) != len(change.buildings.split()):
            yield document.problem((index, "buildings"), "names a building twice", "Name each building once.")


def _contradictions(pack: Pack) -> Iterator[str]:
    """Of one courtyard: two names or two ends, on a day or ever."""
    document = pack.changes.document
    seen: dict[tuple, int] = {}
    for index, change in enumerate(pack.changes.value):
        keys: list[tuple] = [("renamed", change.on, change.from_code)] if change.kind == "renamed" else []
        if change.kind == "merged":
            keys = [("merged", change.from_code)]
        if change.kind == "split":
            keys = [("founded", change.to_code), *(("given", change.from_code, n) for n in change.numbers)]
        for key in keys:
            if key in seen:
                line = document.lines[(seen[key],)]
                what = f"contradicts line {line}: a courtyard is renamed once a day, merged once and founded once"
                yield document.problem((index, "from_code"), what, "Keep one of them.")
                break
        seen.update(dict.fromkeys(keys, index))


def _circles(pack: Pack) -> Iterator[str]:
    """Courtyards that would each be part of another one for ever."""
    into = {c.from_code: (index, c.to_code) for index, c in enumerate(pack.changes.value) if c.kind == "merged"}
    known: set[str] = set()
    for start in into:
        path: list[str] = []
        code = start
        while code in into and code not in known and code not in path:
            path.append(code)
            code = into[code][1]
        if code in path:
            members = "、".join(sorted(path[path.index(code) :]))
            what = f"the courtyards {members} are merged in a circle"
            index = max(into[member][0] for member in path[path.index(code) :])
            yield pack.changes.document.problem((index, "to_code"), what, "Say which of them remains.")
        known.update(path)


def _existence(pack: Pack) -> Iterator[str]:
    """Nothing befalls a courtyard on a day when it is not there."""
    document = pack.changes.document
    founded = {c.to_code: c.on for c in pack.changes.value if c.kind == "split"}
    ended = {c.from_code: c.on for c in pack.changes.value if c.kind == "merged"}
    for index, change in enumerate(pack.changes.value):
        for key, code in (("from_code", change.from_code), ("to_code", change.to_code)):
            begins = founded.get(code)
            early = begins is not None and (change.on <= begins if key == "from_code" else change.on < begins)
            is_its_end = change.kind == "merged" and key == "from_code"
            late = code in ended and change.on >= ended[code] and not is_its_end
            if early or late:
                what = f"the courtyard {'does not exist yet' if early else 'is part of another one'} on that day"
                yield document.problem((index, key), what, "Correct the day or the code.")
                break


def _buildings(pack: Pack) -> Iterator[str]:
    """Buildings go over that are there, no two of a courtyard ever bear one number, and the register counts them."""
    document, history = pack.changes.document, History(pack.courtyards.value, pack.changes.value)
    rows = {courtyard.code: courtyard for courtyard in pack.courtyards.value}
    numbers: set[tuple[str, str]] = set()
    for index, change in enumerate(pack.changes.value):
        if change.kind == "renamed":
            continue
        before = set(history.houses(change.from_code, change.on - timedelta(days=1)))
        there = before if change.kind == "split" else before & set(change.numbers)
        arrived = {(change.to_code, number) for number in change.numbers.values()}
        if not set(change.numbers) <= there or (change.kind == "merged" and set(change.numbers) != before):
            what = f"{change.from_code} has the buildings {' '.join(sorted(before, key=int))} on the day before"
            remedy = "Name some of them." if change.kind == "split" else "Name all of them."
            yield document.problem((index, "buildings"), what, remedy)
        elif len(arrived) < len(change.numbers) or arrived & numbers:
            what = f"two buildings of {change.to_code} would bear one number"
            yield document.problem((index, "buildings"), what, "Say which number each gets: 1=4 2=5.")
        elif len(history.last_houses(change.to_code)) != (counted := rows[change.to_code].buildings):
            what = f"courtyards.csv counts {counted} buildings in {change.to_code}, which does not include these"
            yield document.problem((index, "buildings"), what, "Count them there, or number them on.")
        numbers |= arrived


CHECKS = (_changes,)
