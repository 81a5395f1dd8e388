"""An attack on published counts over neighbours, months and forms finds no count under the threshold."""

from __future__ import annotations

import string
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.privacy.attacker import STAR, Attacker

from courtyard.privacy.disclosure.suppression import suppress
from courtyard.privacy.disclosure.tables import TOTAL, Column, Published, Row, Table, Whole

THRESHOLD = 5
DAY = date(2026, 9, 30)
COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 12), st.integers(20, 90))
PARTS = ("elders", "adults", "minors")


def totalled(rows: list[Row]) -> tuple[Row, ...]:
    return (*rows, Row(TOTAL, tuple(map(sum, zip(*(row.values for row in rows), strict=True)))))


def state(name: str, measure: str = "") -> Column:
    return Column(name, measure or name, DAY, DAY)


def printed(published: Published, naming: str = "") -> dict[tuple, object]:
    """What a reader sees: by form, area, column."""
    return {
        (naming, row.area, column.name): STAR if (row.area, column.name) in published.hidden else value
        for row in published.table.rows
        for column, value in zip(published.table.columns, row.values, strict=True)
    }


def publish(table: Table, before: list[Published], threshold: int = THRESHOLD) -> Published:
    pattern = suppress(table, before, threshold)
    made = Published(table, pattern.hidden)
    if not pattern.is_whole:
        before.append(made)
    return made


def tells_nothing(published: Published) -> bool:
    """All is hidden, and the table's note says so: then a star can stand for 0."""
    return len(published.hidden) == len(published.table.rows) * len(published.table.columns)


def show(attacker: Attacker, published: Published, naming: str = "", amounts: tuple[str, ...] = ()) -> None:
    """The attacker reads a table, and knows that its total is the sum of its areas."""
    for (form, area, column), value in printed(published, naming).items():
        name = (form, area, column)
        least = attacker.least.get(name, 0)
        attacker.see(name, value, is_count=column not in amounts)
        if value == STAR and tells_nothing(published):
            attacker.least[name] = least
    areas = [row.area for row in published.table.rows if row.area != TOTAL]
    for column in published.table.columns:
        attacker.equal({(naming, TOTAL, column.name): 1, **{(naming, a, column.name): -1 for a in areas}})


def areas_of(published: Published) -> list[str]:
    return [row.area for row in published.table.rows]


def age_table(rows: list[tuple[int, int, int]], name: str = "ages", prefix: str = "") -> Table:
    """Persons in three age groups by area."""
    made = [Row(string.ascii_lowercase[i], (sum(parts), *parts)) for i, parts in enumerate(rows)]
    columns = tuple(state(c, prefix + c) for c in ("persons", *PARTS))
    return Table(name, DAY, DAY, columns, totalled(made), (Whole(("persons",), PARTS, "none"),))


def add_up(attacker: Attacker, published: Published, naming: str = "") -> None:
    for area in areas_of(published):
        attacker.equal({(naming, area, "persons"): 1, **{(naming, area, part): -1 for part in PARTS}})


def test_without_complementary_cells_the_attacker_subtracts_the_neighbours():
    table = age_table([(3, 20, 9), (14, 30, 8), (11, 25, 7)])
    attacker = Attacker(THRESHOLD)
    primary_only = Published(table, frozenset({("a", "elders")}))
    show(attacker, primary_only)
    add_up(attacker, primary_only)
    assert attacker.small() == {("", "a", "elders"): (3, 3)}


def test_two_stars_whose_sum_is_small_are_no_protection():
    table = Table("t", DAY, DAY, (state("n"),), totalled([Row("a", (1,)), Row("b", (3,)), Row("c", (60,))]))
    attacker = Attacker(THRESHOLD)
    show(attacker, Published(table, frozenset({("a", "n"), ("b", "n")})))
    assert set(attacker.small().values()) == {(1, 3)}

    safe = publish(table, [])
    attacker = Attacker(THRESHOLD)
    show(attacker, safe)
    assert attacker.small() == {} and len(safe.hidden) == 3


def test_a_total_alone_does_not_hide_a_star():
    """The total would be 50 and more: then the star could only be the small one."""
    table = Table("t", DAY, DAY, (state("n"),), totalled([Row("a", (3,)), Row("b", (20,)), Row("c", (30,))]))
    assert publish(table, []).hidden == {("a", "n"), ("b", "n")}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=2, max_size=7))
def test_tables_with_totals_and_age_groups(rows):
    published = publish(age_table(rows), [])
    attacker = Attacker(THRESHOLD)
    show(attacker, published)
    add_up(attacker, published)
    assert attacker.small() == {}
    assert tells_nothing(published) or all(published.table.value(*place) for place in published.hidden)


MONTH = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(100, 900)), min_size=3, max_size=3)


def month_table(month: int, rows: list[tuple[int, int, int]], before: list[tuple[int, int]]) -> Table:
    """Persons and their money of the month, cases of the month, cases and money since January."""
    first = date(2026, 1, 1)
    start, end = date(2026, month, 1), (date(2026, month, 28) + timedelta(days=5)).replace(day=1)
    columns = (
        Column("persons", "persons", end, end),
        Column("money", "money", start, end, "amount", True, ("persons",)),
        Column("cases", "cases", start, end, flow=True),
        Column("year_cases", "cases", first, end, flow=True),
        Column("year_money", "money", first, end, "amount", True, ("persons",)),
    )
    made = [
        Row(area, (p, p * each, cases, cases + old[0], p * each + old[1]))
        for area, (p, cases, each), old in zip("abc", rows, before, strict=True)
    ]
    return Table("months", start, end, columns, totalled(made))


def run_through(months: list[list[tuple[int, int, int]]]) -> tuple[Attacker, list[Published]]:
    """Publish month after month; the attacker reads all of them and subtracts them from each other."""
    given_out: list[Published] = []
    attacker = Attacker(THRESHOLD)
    before = [(0, 0)] * 3
    amounts = ("money", "year_money")
    for number, rows in enumerate(months, 1):
        published = publish(month_table(number, rows, before), given_out)
        before = [(row.values[3], row.values[4]) for row in published.table.rows[:3]]
        show(attacker, published, str(number), amounts)
        for area in areas_of(published):
            for year, month in (("year_cases", "cases"), ("year_money", "money")):
                last = {(str(number - 1), area, year): -1} if number > 1 else {}
                attacker.equal({(str(number), area, year): 1, (str(number), area, month): -1, **last})
    return attacker, given_out


@settings(max_examples=12, deadline=None)
@given(st.lists(MONTH, min_size=2, max_size=4))
def test_months_with_cumulative_columns(months):
    attacker, given_out = run_through(months)
    assert attacker.small() == {}
    exact = attacker.exact()
    for number, published in enumerate(given_out, 1):
        for area, column in published.hidden:
            small = 0 < published.table.value(area, "persons") < THRESHOLD
            assert not (column == "money" and small and (str(number), area, column) in exact)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=3, max_size=5), st.data())
def test_two_forms_that_count_the_same(rows, data):
    """The second form shows the elders again, beside those of 80 and over."""
    given_out: list[Published] = []
    first = publish(age_table(rows), given_out)
    old = [data.draw(st.integers(0, elders)) for elders, _, _ in rows]
    made = [Row(string.ascii_lowercase[i], (row[0], aged)) for i, (row, aged) in enumerate(zip(rows, old, strict=True))]
    columns = (state("elders"), state("aged"))
    second = Table("care", DAY, DAY, columns, totalled(made), (Whole(("elders",), ("aged",), "sensitive"),))
    shown = publish(second, given_out)

    attacker = Attacker(THRESHOLD)
    show(attacker, first)
    add_up(attacker, first)
    show(attacker, shown)  # under the same names: the elders of both are one fact
    for area in areas_of(shown):
        attacker.within(("", area, "aged"), ("", area, "elders"), is_group=True)
    assert attacker.small() == {}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=3, max_size=5), st.data())
def test_a_revision_beside_the_one_before(rows, data):
    """One figure was corrected; the attacker even knows which."""
    given_out: list[Published] = []
    first = publish(age_table(rows), given_out)
    changed = data.draw(st.integers(0, len(rows) - 1))
    corrected = [*rows]
    corrected[changed] = (data.draw(st.integers(0, 12)), *rows[changed][1:])
    second = publish(age_table(corrected), given_out)

    attacker = Attacker(THRESHOLD)
    show(attacker, first, "r1")
    add_up(attacker, first, "r1")
    show(attacker, second, "r2")
    add_up(attacker, second, "r2")
    for row, again in zip(first.table.rows, second.table.rows, strict=True):
        for column, value, value_again in zip(first.table.columns, row.values, again.values, strict=True):
            if value == value_again:
                attacker.equal({("r1", row.area, column.name): 1, ("r2", row.area, column.name): -1})
    assert attacker.small() == {}


def test_the_attack_over_months_can_succeed():
    """With the stars of the second month alone, January and the sum since January tell February."""
    months = [[(9, 6, 100), (9, 6, 100), (9, 6, 100)], [(9, 2, 100), (9, 6, 100), (9, 6, 100)]]
    attacker = Attacker(THRESHOLD)
    january = publish(month_table(1, months[0], [(0, 0)] * 3), [])
    before = [(row.values[3], row.values[4]) for row in january.table.rows[:3]]
    february = Published(month_table(2, months[1], before), frozenset({("a", "cases"), ("b", "cases")}))
    for name, published in (("1", january), ("2", february)):
        show(attacker, published, name, ("money", "year_money"))
    for area in areas_of(february):
        attacker.equal({("2", area, "year_cases"): 1, ("2", area, "cases"): -1, ("1", area, "year_cases"): -1})
    assert attacker.small() == {("2", "a", "cases"): (2, 2)}
    assert run_through(months)[0].small() == {}


@pytest.mark.parametrize("threshold", [3, 10])
def test_the_threshold_is_what_the_office_says(threshold):
    rows = [(3, 20, 9), (14, 30, 8), (11, 25, 7)]
    published = publish(age_table(rows), [], threshold)
    attacker = Attacker(threshold)
    show(attacker, published)
    add_up(attacker, published)
    assert attacker.small() == {}
    assert bool(published.hidden) == (threshold == 10)
