"""What the office has to answer for, and what it must not be asked: `duties.csv`; how saved work is estimated: `rules/burden.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from courtyard.district.frozen import Frozen


class Duty(Frozen):
    """A row of `duties.csv`: a matter of the duty list (allowed, 权责清单) or of the negative list (refused, 负面清单).

    `words` (separated by spaces) tell the matter: of an allowed one in a form's title, of a refused one in its title
    or in a column. `owner` is the department whose matter it is; several are separated by 、.
    """

    matter: str
    owner: str
    basis: str
    kind: Literal["allowed", "refused"]
    words: str

    @property
    def spelled(self) -> tuple[str, ...]:
        return tuple(self.words.split())

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(self.owner.split("、"))

    def is_told_by(self, text: str) -> bool:
        """Whether a title or header speaks of the matter."""
        return any(word in text for word in self.spelled)


class Estimate(Frozen):
    """A number that nobody measured: how much, of what, and who says so."""

    value: float = Field(ge=0)
    unit: str
    basis: str


class BurdenRules(Frozen):
    """`rules/burden.yaml`: the estimates behind the hours saved, and when a proposed form is one that we file already.

    hours = (cells filled x (seconds_per_cell_typed - seconds_per_cell_checked)) / 3600
          + roster rows about persons x share_of_rows_visited x minutes_per_visit / 60
    `same_form_share` is the share of a form's columns from which it counts as the same as another one.
    """

    seconds_per_cell_typed: Estimate
    seconds_per_cell_checked: Estimate
    minutes_per_visit: Estimate
    share_of_rows_visited: Estimate
    same_form_share: float = Field(gt=0, le=1)
