"""Where things stand in a filled form: what lies below the body moves down with its rows and notes."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.utils import coordinate_to_tuple, get_column_letter

from courtyard.district.models import ReportSpec


@dataclass(frozen=True)
class Layout:
    """A form filled with so many body rows and notes; rows are 1-based rows of the sheet."""

    spec: ReportSpec
    rows: int
    notes: int

    @property
    def first_note(self) -> int:
        """The row of the first note, which is left blank where there is none."""
        return self.spec.first_row + self.rows

    @property
    def shift(self) -> int:
        """By how many rows the footer of the blank form moved down."""
        note_of_blank = self.spec.first_row + 1 + self.spec.total_row
        return self.first_note + max(1, self.notes) - 1 - note_of_blank

    def metadata_cell(self, cell: str) -> str:
        """Where a metadata cell of the blank form stands."""
        row, column = coordinate_to_tuple(cell)
        return f"{get_column_letter(column)}{row + (self.shift if row >= self.spec.first_row else 0)}"
