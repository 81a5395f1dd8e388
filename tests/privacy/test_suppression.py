"""What is hidden beside the small counts: literal tables."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from courtyard.privacy.disclosure.suppression import suppress
from courtyard.privacy.disclosure.tables import TOTAL, Column, Pattern, Published, Row, Table, Whole

DAY = date(2026, 9, 30)
JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (7, 8, 9, 10))


def counts(*columns: str, **rows: tuple[int, ...]) -> Table:
    """A table of states on one day; its total is added."""
    made = [Row(area, values) for area, values in rows.items()]
    total = Row(TOTAL, tuple(map(sum, zip(*rows.values(), strict=True))))
    return Table("t", DAY, DAY, tuple(Column(c, c, DAY, DAY) for c in columns), (*made, total))


def flows(start: date, end: date, **rows: int) -> Table:
    """What happened in some days, area by area."""
    made = [Row(area, (value,)) for area, value in rows.items()]
    return Table(
        "f", start, end, (Column("n", "cases", start, end, flow=True),), (*made, Row(TOTAL, (sum(rows.values()),)))
    )


def hidden(table: Table, *before: Published) -> set[str]:
    """The hidden cells as area.column."""
    return {f"{area}.{column}" for area, column in suppress(table, before, 5).hidden}


def test_nothing_small_hides_nothing():
    assert suppress(counts("n", a=(5,), b=(0,), c=(70,)), [], 5) == Pattern(frozenset())


def test_a_small_count_hides_the_neighbour_that_loses_least():
    assert hidden(counts("n", a=(3,), b=(40,), c=(9,), d=(70,))) == {"a.n", "c.n"}


def test_two_small_counts_protect_each_other_when_their_sum_leaves_room():
    assert hidden(counts("n", a=(4,), b=(4,), c=(70,))) == {"a.n", "b.n"}


def test_a_zero_is_never_hidden():
    assert hidden(counts("n", a=(3,), b=(0,), c=(0,), d=(8,))) == {"a.n", "d.n"}


def test_the_only_cell_that_is_not_zero_hides_with_its_total():
    assert hidden(counts("n", a=(3,), b=(0,))) == {"a.n", "total.n"}


def test_what_is_between_two_printed_counts_is_protected_too():
    """20 of 60 and over, 18 of 80 and over: two between."""
    table = counts("old", "very_old", a=(20, 18), b=(50, 20), c=(60, 25))
    open_rest = Table(**{**vars(table), "wholes": (Whole(("old",), ("very_old",), "open"),)})
    sensitive = Table(**{**vars(table), "wholes": (Whole(("old",), ("very_old",), "sensitive"),)})
    assert hidden(open_rest) == set()
    assert {"a.old", "a.very_old"} & hidden(sensitive)


def test_amounts_go_with_their_counts_and_protect_their_own_column():
    columns = (Column("n", "n", DAY, DAY), Column("yuan", "yuan", JULY, AUGUST, "amount", True, ("n",)))
    rows = (Row("a", (2, 100_000)), Row("b", (30, 1_400_000)), Row("c", (9, 420_000)), Row(TOTAL, (41, 1_920_000)))
    table = Table("t", JULY, AUGUST, columns, rows)
    assert hidden(table) == {"a.n", "c.n", "a.yuan", "c.yuan"}


def test_a_star_has_an_alibi_even_where_that_costs_more():
    """Beside a starred 103 only the 3 could be small; the 100 could be, so it is hidden with its money instead."""
    columns = (*(Column(c, c, DAY, DAY) for c in ("persons", "elders", "adults")),
               Column("yuan", "yuan", JULY, AUGUST, "amount", True, ("adults",)))  # fmt: skip
    rows = (Row("a", (103, 3, 100, 5_000_000)), Row(TOTAL, (103, 3, 100, 5_000_000)))
    table = Table("t", JULY, AUGUST, columns, rows, (Whole(("persons",), ("elders", "adults"), "none"),))
    assert hidden(table) == {f"{area}.{c}" for area in ("a", TOTAL) for c in ("elders", "adults", "yuan")}


def test_the_month_before_and_the_sum_do_not_tell_the_month():
    """A first quarter with its months: the sum of the quarter is hidden where a month is."""
    july = flows(JULY, AUGUST, a=20, b=30)
    august = flows(AUGUST, SEPTEMBER, a=3, b=30)
    before = [Published(july, frozenset())]
    pattern = suppress(august, before, 5)
    assert pattern.hidden == {("a", "n"), ("b", "n")}
    before.append(Published(august, pattern.hidden))
    assert hidden(flows(JULY, SEPTEMBER, a=23, b=60), *before) == {"a.n", "b.n"}


def test_days_between_two_sums_are_a_count_of_their_own():
    """Since July up to September 40, up to October 42: September had two."""
    before = Published(flows(JULY, SEPTEMBER, a=40, b=50), frozenset())
    assert hidden(flows(JULY, OCTOBER, a=42, b=70), before) == {"a.n", "b.n"}


def test_a_revision_that_leaves_a_hidden_cell_as_it_was_hides_it_again():
    first = counts("n", a=(3,), b=(9,), c=(70,))
    given_out = Published(first, suppress(first, [], 5).hidden)
    assert given_out.hidden == {("a", "n"), ("b", "n")}
    assert hidden(counts("n", a=(6,), b=(9,), c=(70,)), given_out) == {"b.n", "a.n"}


def test_when_old_tables_leave_no_room_nothing_is_told():
    """Another form printed that a and b are 5 together."""
    told = Table("u", DAY, DAY, (Column("n", "n", DAY, DAY),), (Row("a", (1,)), Row("b", (4,)), Row(TOTAL, (5,))))
    before = Published(told, frozenset({("a", "n"), ("b", "n")}))
    pattern = suppress(counts("n", a=(1,), b=(4,), c=(0,)), [before], 5)
    assert pattern.is_whole and len(pattern.hidden) == 4


def test_equal_tables_give_equal_patterns_whatever_the_order_of_sets():
    table = counts("n", "m", a=(3, 2), b=(9, 40), c=(70, 8), d=(11, 12))
    assert len({suppress(table, [], 5) for _ in range(3)}) == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=6))
def test_a_table_comes_back_from_its_json(values):
    table = counts("n", **{chr(97 + i): (value,) for i, value in enumerate(values)})
    assert Table.of(table.plain()) == table
