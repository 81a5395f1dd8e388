"""Choosing the cells that print `*`, so that every small count is safe beside all that was published before.

Primary cells are the small counts and their amounts. Further (complementary) cells are chosen one need at a time, at the
least loss, as in the single-cell step of Fischetti & Salazar (2000); old patterns cannot be changed any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from courtyard.privacy.disclosure.solver import Part, Wish
from courtyard.privacy.disclosure.system import Key, Need, System, linked
from courtyard.privacy.disclosure.tables import Pattern, Place, Published, Table


def suppress(table: Table, before: Sequence[Published], threshold: int) -> Pattern:
    """The cells of a table that must print `*`, after the tables `before` in the order of their publication.

    `threshold` is the smallest count that may be known. A table whose pattern `is_whole` told nothing and is not of those
    `before`.
    """
    system = System(threshold)
    for published in before:
        system.add(published.table, published)
    places = system.add(table)
    hidden = _primary(system, places)
    for is_count in (True, False):  # amounts follow their counts, never the other way round
        for members, relations in linked(system, places.values()):
            keys = sorted(members, key=str)
            if system.variables[keys[0]].is_count == is_count:
                part = Part(system, keys, relations, _hidden_of(system, keys, hidden))
                if not _protect(part, set(places.values())):
                    return Pattern(frozenset(places), is_whole=True)
                hidden |= part.hidden | _followers(system, part.hidden)
    return Pattern(frozenset(place for place, key in places.items() if key in hidden))


def _primary(system: System, places: dict[Place, Key]) -> set[Key]:
    """Small counts with their amounts, and what was hidden before."""
    cells = {key: system.variables[key] for key in places.values()}
    return {key for key, cell in cells.items() if cell.hidden or (cell.need and not cell.given)}


def _followers(system: System, hidden: set[Key]) -> set[Key]:
    """The amounts of hidden counts: an amount known beside a usual rate gives the count."""
    found = {f for key in hidden for f in system.variables[key].followers}
    return {key for key in found if not system.variables[key].given}


def _hidden_of(system: System, keys: Sequence[Key], hidden: set[Key]) -> set[Key]:
    return {key for key in keys if system.variables[key].hidden or key in hidden}


def _protect(part: Part, new: set[Key]) -> bool:
    """Hide more cells of a part until every need is met, the hardest first; False as soon as one cannot be."""
    variables = part.system.variables
    needy = [(key, need) for key in part.keys if (need := variables[key].need)]
    needy.sort(key=lambda found: (variables[found[0]].value - found[1].high, str(found[0])))
    return all(_protect_one(part, key, need, key in new) for key, need in needy)


def _protect_one(part: Part, key: Key, need: Need, is_new: bool) -> bool:
    """Upwards, with an alibi for `*` where there can be one; a new cell downwards too, as far as any choice could leave."""
    variable = part.system.variables[key]
    has_alibi = variable.printed and variable.is_count and _grant(part, Wish(key, high=need.high, alibi=True))
    if not has_alibi and not _grant(part, Wish(key, high=need.high)):
        return False
    if is_new and not _grant(part, Wish(key, low=need.low)):
        _grant(part, Wish(key, low=part.lowest(key)))  # sums of hidden cells forbid less
    return True


def _grant(part: Part, wish: Wish) -> bool:
    """Meet a wish with a solution known already or found now; what moves in it is hidden from now on."""
    if any(part.grants(shift, wish) for shift in ({}, *part.proofs)):
        return True
    shift = part.find(wish)
    if shift is None:
        return False
    part.proofs.append(shift)
    part.hidden |= {key for key in shift if part.system.variables[key].printed}
    return True
