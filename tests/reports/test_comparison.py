"""Two revisions beside each other: which cells changed, and nothing else."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from courtyard.reports.comparison import Change, Heading, Line, Said, compare

COLUMNS = (Heading("number", "序号"), Heading("name", "姓名"), Heading("amount", "金额"))


def form(*rows, notes=(), fixed=None, columns=COLUMNS, first_row=5):
    """A form of rows (identity, value, …); the running number is counted here."""
    lines = tuple(Line(row[0], first_row + i, (i + 1, *row[1:])) for i, row in enumerate(rows))
    return Said(columns, lines, tuple(notes), first_row + len(rows), fixed or {})


def told(changes):
    return [(c.kind, c.cell, c.old_cell, c.label, c.before, c.after) for c in changes]


def test_a_changed_cell_is_named_with_both_values():
    old = form(("a", "王样例", Decimal("930")), ("b", "李样例", Decimal("1860.50")))
    new = form(("a", "王样例", Decimal("940.00")), ("b", "李样例", Decimal("1860.50")))
    (change,) = compare(old, new)
    assert change == Change("cell", "C5", None, "amount", "金额", "王样例", Decimal("930"), Decimal("940.00"), ("a", 0))


def test_an_inserted_row_is_one_row_and_moved_numbers_are_said_once():
    old = form(*((str(i), f"甲{i}", i) for i in range(1, 1001)))
    new = form(("0", "新样例", 7), *((str(i), f"甲{i}", i) for i in range(1, 1001)))
    assert told(compare(old, new)) == [
        ("added", "A5:C5", None, "新样例", None, "序号 1；姓名 新样例；金额 7"),
        ("renumbered", "A6", None, "序号", None, "1000行的序号变动"),
    ]


def test_a_change_in_a_row_that_moved_is_named_in_both_places():
    old = form(("a", "王", 1), ("b", "李", 2))
    new = form(("b", "李", 3))
    assert told(compare(old, new)) == [
        ("cell", "C5", "C6", "李", 2, 3),
        ("removed", None, "A5:C5", "王", "序号 1；姓名 王；金额 1", None),
        ("renumbered", "A5", None, "序号", None, "1行的序号变动"),
    ]


def test_rows_in_another_order_are_no_changed_cells():
    old, new = form(("a", "王", 1), ("b", "李", 2)), form(("b", "李", 2), ("a", "王", 1))
    assert [c.kind for c in compare(old, new)] == ["moved", "renumbered"]


def test_rows_of_one_identity_are_told_apart_by_their_order():
    old = form(("a", "王", 1), ("a", "王", 2))
    assert told(compare(old, form(("a", "王", 1), ("a", "王", 3)))) == [("cell", "C6", None, "王", 2, 3)]


def test_notes_texts_and_columns_are_named():
    old = form(("a", "王", 1), notes=("甲。", "乙。"), fixed={"表头表尾 A2": ("A2", "填报单位：甲")})
    new = form(("a", "王", 1), notes=("乙。", "丙。"), fixed={"表头表尾 A2": ("A2", "填报单位：乙")})
    assert told(compare(old, new)) == [
        ("metadata", "A2", None, "表头表尾 A2", "填报单位：甲", "填报单位：乙"),
        ("note", "A7", None, "附注", "甲。", "丙。"),
    ]
    wider = (*COLUMNS[:2], Heading("age", "年龄"), Heading("amount", "月金额"))
    new = form(("a", "王", 40, 1), columns=wider)
    assert told(compare(form(("a", "王", 1)), new)) == [
        ("column", "C列", None, "栏目", None, "年龄"),
        ("column", "D列", "C列", "栏目", "金额", "月金额"),
    ]


VALUES = st.one_of(
    st.none(), st.integers(-3, 3), st.decimals(-3, 3, places=2), st.sampled_from(["", "—", "甲", "乙", "=1+1"])
)
FORMS = st.builds(
    lambda rows, notes: form(*((k, *v) for k, v in rows), notes=notes),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.tuples(VALUES, VALUES)), max_size=8, unique_by=lambda r: r[0]),
    st.lists(st.sampled_from(["甲。", "乙。", "丙。"]), max_size=3),
)


def blank(value):
    return None if value == "" else value


@given(FORMS, FORMS)
def test_exactly_the_changed_cells_of_any_two_forms_are_named(old, new):
    """Against a plain look-up of every cell by (row's identity, column)."""

    def cells(said):
        return {(line.identity, i): blank(line.values[i]) for line in said.lines for i in (1, 2)}

    before, after = cells(old), cells(new)
    expected = {at for at in before.keys() & after.keys() if before[at] != after[at]}
    changes = compare(old, new)
    places = {line.identity: line.form_row for line in new.lines}
    names = {"name": 1, "amount": 2}
    assert {(c.key[0], names[c.column]) for c in changes if c.kind == "cell"} == expected
    assert all(c.cell == f"{'ABC'[names[c.column]]}{places[c.key[0]]}" for c in changes if c.kind == "cell")
    was, now = {line.identity for line in old.lines}, set(places)
    assert {c.key[0] for c in changes if c.kind == "added"} == now - was
    assert {c.key[0] for c in changes if c.kind == "removed"} == was - now
    noted = [c for c in changes if c.kind == "note"]
    left = sorted(old.notes)
    for change in noted:
        if change.before is not None:
            left.remove(change.before)
    assert sorted([*left, *(c.after for c in noted if c.after is not None)]) == sorted(new.notes)


@given(FORMS)
def test_a_form_does_not_differ_from_itself(one):
    assert compare(one, one) == ()
