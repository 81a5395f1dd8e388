"""What goes wrong in the sample's files, how often, and what a good reader makes of it.

A rate is per chance: per cell of the type for the kinds of a cell, per row for `row.*`, `cell.*`
and `required.*`, per workbook for `file.*` and `sheet.*`. Kinds of one cell exclude each other.

Effects: `read` = the reader understands it and the value is right; `other` = it is understood, but
the source says something else than the truth; `lost` = the value of that cell is not there;
`quarantined` = the row cannot be used; `superseded` = the same unit sent it again; `unit` = nothing
of the file can be used. `sheet.*` and `file.missing`, `file.not_a_workbook` leave no row on record; wrong
totals and columns too many are on record by their cell.
"""

from __future__ import annotations

from random import Random
from typing import Literal, NamedTuple

Effect = Literal["read", "other", "lost", "quarantined", "superseded", "unit"]


class Kind(NamedTuple):
    rate: float
    effect: Effect
    note: str


KINDS: dict[str, Kind] = {
    "id.withheld": Kind(0.05, "lost", "no source has this person's ID number"),
    "id.missing": Kind(0.05, "lost", "this source has no ID number of this person"),
    "id.newborn": Kind(0.6, "lost", "a child born in the quarter has none yet (population)"),
    "id.mistyped": Kind(0.023, "quarantined", "one digit is another: the check digit fails"),
    "id.mistyped_valid": Kind(0.0015, "other", "another sequence number with a check digit that holds"),
    "id.spaced": Kind(0.01, "read", "510100 19800101 123X"),
    "id.apostrophe": Kind(0.01, "read", "leading apostrophe"),
    "id.full_width": Kind(0.005, "read", "full-width digits"),
    "id.lowercase_x": Kind(0.3, "read", "x at the end, of those that end in X"),
    "id.masked": Kind(0.003, "quarantined", "stars in place of the birth date (workbooks)"),
    "id.cut_short": Kind(0.003, "quarantined", "17 digits (workbooks)"),
    "id.fifteen_digits": Kind(0.004, "read", "the number of before 1999, of those born before 2000 (workbooks)"),
    "id.numeric_cell": Kind(0.006, "quarantined", "number cell: only 15 digits are kept (workbooks)"),
    "credit.mistyped": Kind(0.25, "quarantined", "one sign of a credit code is another: the check sign fails"),
    "credit.spaced": Kind(0.02, "read", "91110000 600037341 L"),
    "name.dot": Kind(0.6, "read", "another dot than U+00B7, of names with a dot"),
    "name.spaced": Kind(0.012, "read", "张 三, 张　三"),
    "name.zero_width": Kind(0.004, "read", "U+200B inside"),
    "name.no_break_space": Kind(0.003, "read", "U+00A0 at the end"),
    "name.variant": Kind(0.006, "other", "a character of the same sound"),
    "name.former": Kind(0.4, "other", "this source goes on with the name before the change, of those who changed it"),
    "name.unreadable": Kind(0.0008, "quarantined", "? or 〓 for a character"),
    "name.rare_lost": Kind(0.1, "quarantined", "〓 for the rare character, of names that have one"),
    "date.dotted": Kind(0.08, "read", "2024.3.1"),
    "date.slashed": Kind(0.05, "read", "2024/3/1"),
    "date.compact": Kind(0.05, "read", "20240301"),
    "date.two_digit_year": Kind(0.01, "read", "24/3/1, only for 2013 and later"),
    "date.chinese": Kind(0.01, "read", "二〇二四年三月一日"),
    "date.excel_cell": Kind(0.3, "read", "a real date cell (workbooks)"),
    "date.serial": Kind(0.004, "read", "a day number in a cell without a date's format (workbooks)"),
    "date.impossible": Kind(0.003, "quarantined", "30 February (workbooks)"),
    "date.month_only": Kind(0.25, "read", "2005.7 as text, for the dates that are known by month"),
    "date.float_month": Kind(0.3, "quarantined", "the number 2005.1 meant 2005.10, of October months in workbooks"),
    "birth.contradicts_id": Kind(0.003, "quarantined", "birth date and ID number disagree"),
    "sex.contradicts_id": Kind(0.002, "other", "sex and ID number disagree: a warning"),
    "phone.dashed": Kind(0.06, "read", "154-0000-0000"),
    "phone.prefixed": Kind(0.03, "read", "+86 15400000000"),
    "phone.two": Kind(0.03, "read", "two numbers in a cell"),
    "phone.none": Kind(0.03, "lost", "无"),
    "phone.missing": Kind(0.04, "lost", "blank"),
    "phone.unreadable": Kind(0.003, "lost", "too short"),
    "code.unknown": Kind(0.0008, "quarantined", "a label no list has: 待核"),
    "number.out_of_range": Kind(0.025, "quarantined", "100 times too many persons in a household (workbooks)"),
    "text.garbled": Kind(0.002, "quarantined", "U+FFFD in a free text (workbooks)"),
    "yes_no.spelled": Kind(0.4, "read", "√ 1 有 Y / × 0 无 N"),
    "address.alias": Kind(0.3, "read", "another name in use, of courtyards that have one"),
    "address.former_name": Kind(0.05, "other", "a name no longer in use, of courtyards that had one"),
    "address.late_name": Kind(0.35, "read", "the former name of a courtyard renamed meanwhile"),
    "address.late_courtyard": Kind(0.35, "read", "the courtyard and building of before a merge or split"),
    "address.ambiguous_name": Kind(0.3, "quarantined", "a bare name that two courtyards bear, of those that do"),
    "address.unknown_courtyard": Kind(0.004, "quarantined", "a door that does not exist"),
    "address.hash": Kind(0.06, "read", "28#, 28#院"),
    "address.numerals": Kind(0.03, "read", "二十八号院, 廿八号院"),
    "address.room_ambiguous": Kind(0.02, "lost", "3-501 without a unit"),
    "address.no_room": Kind(0.02, "lost", "the courtyard only"),
    "required.blank": Kind(0.002, "quarantined", "a required cell left blank"),
    "cell.ref_error": Kind(0.0012, "quarantined", "#REF! (workbooks)"),
    "cell.formula_without_value": Kind(0.0012, "quarantined", "a formula that was never calculated (workbooks)"),
    "row.duplicate": Kind(0.004, "read", "the same row twice in one file"),
    "row.hidden": Kind(0.004, "read", "a hidden row (workbooks)"),
    "row.second_head": Kind(0.6, "other", "one more household head, of the other members of a 低保 household (grids)"),
    "row.late": Kind(0.05, "other", "a change this source hears of one period later"),
    "row.stale": Kind(0.05, "other", "still says what held before: listed, or at the former address"),
    "row.missed": Kind(0.01, "lost", "this source never hears of this person"),
    "row.moved_within": Kind(0.0, "other", "reported gone by a grid, while living in another one"),
    "row.rekeyed": Kind(
        0.0, "other", "without an ID number, named or placed otherwise than before: another record to the reader"
    ),
    "case.closed_before_created": Kind(0.004, "quarantined", "closed before it was created"),
    "sheet.two_row_header": Kind(0.25, "read", "merged header in two rows"),
    "sheet.header_spelled": Kind(0.15, "read", "a header by another name or with blanks in it"),
    "sheet.sample_row": Kind(0.06, "read", "the template's sample row left in"),
    "sheet.extra_column": Kind(0.05, "read", "a column nobody asked for"),
    "sheet.total_wrong": Kind(0.06, "read", "a total that says one more than there are rows"),
    "sheet.merged_household": Kind(0.7, "read", "one merged cell a household, of workbooks with 低保户"),
    "file.missing": Kind(0.02, "unit", "no workbook from this grid"),
    "file.late": Kind(0.03, "read", "the workbook lies in the next quarter's folder"),
    "file.resent": Kind(0.02, "superseded", "rows of a workbook of which a corrected second one follows"),
    "file.not_a_workbook": Kind(0.01, "unit", "HTML named .xlsx, or cut off: one a quarter"),
}
RATES: dict[str, float] = {name: kind.rate for name, kind in KINDS.items()}


def effect(defect: str) -> Effect:
    """What becomes of a row or cell with this defect."""
    return KINDS[defect].effect


def pick(rng: Random, kinds: tuple[str, ...]) -> str:
    """At most one of these kinds, each at its own rate; '' for none."""
    draw = rng.random()
    for kind in kinds:
        draw -= RATES[kind]
        if draw < 0:
            return kind
    return ""
