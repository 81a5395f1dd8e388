"""`rules/cases.yaml`: the ladder of a case, its clocks, its categories; `departments.csv`: whom letters go to."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal

from pydantic import Field

from courtyard.district.case_attributes import Attribute
from courtyard.district.case_reports import Classifying, Joining, ReportSource
from courtyard.district.frozen import Frozen
from courtyard.district.working_time import SpanText

LevelName = Literal["courtyard", "community", "street", "department"]
Urgency = Literal["emergency", "urgent", "normal"]
LEVELS: tuple[LevelName, ...] = ("courtyard", "community", "street", "department")
"""The ladder from below: 院落 -> 社区 -> 街道 -> 部门."""
_LINK = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|cn|net|top|xyz|vip|cc|shop|info|site|club|link)\b", re.I)
_NO_LETTER = re.compile(r"[\W_]+")


class Level(Frozen):
    """A rung. `unit` is the kind of unit whose post receives; at `department` the street goes on answering for the case."""

    level: LevelName
    title: str
    unit: Literal["grid", "community", "street"]


class Limits(Frozen):
    """How long one level has, from the moment it was told: to acknowledge (签收), and to solve (办理)."""

    acknowledge: SpanText
    solve: SpanText


class Terms(Frozen):
    """The clocks of one urgency. `total` runs from the first minute, uninterrupted, whatever level has the case.

    `levels` leaves out a level that never receives a case of this urgency. `alert_off_hours` also tells the street at
    once where the office is closed (nights, holidays).
    """

    urgency: Urgency
    title: str
    levels: dict[LevelName, Limits] = Field(min_length=1)
    total: SpanText
    alert_off_hours: bool = False


class Category(Frozen):
    """What a report is about.

    `code` is the service code of GeoReport. `standard` names the class of GB/T 30428 or says `local`. `words` tell it in a
    text, `hints` less surely, `names` are what other systems call it. `starts_at` is the level that receives first;
    `departments` those that may be written to. `ledger` is the register that a case of it also belongs to. `joins_within_days`: another report
    of it in the same courtyard joins an open case not older than that. `attributes` are what clients of GeoReport ask besides.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")
    title: str
    group: str
    standard: str
    description: str = ""
    urgency: Urgency = "normal"
    starts_at: LevelName = "courtyard"
    departments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    ledger: Literal["hazard", "dispute"] | None = None
    ledger_kind: str | None = None
    joins_within_days: int = Field(14, ge=0, le=365)


class Emergency(Frozen):
    """Words of a danger to life, and whom the resident is told to call at once: 110, 119, 120."""

    title: str
    call: str = Field(pattern=r"^\d{3,5}$")
    advice: str
    words: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()


class Closing(Frozen):
    """After the answer: how long the reporter may object before the case counts as confirmed, how long a closed one can be
    reopened, when the follow-up (回访) is due, counted from closing."""

    confirm_within: SpanText
    reopen_within: SpanText
    follow_up_within: SpanText


class Chasing(Frozen):
    """Letters without a reply, and cases overdue at the last rung, are chased again and again, `every` span."""

    every: SpanText
    extensions: int = Field(1, ge=0, le=5)


class Alerts(Frozen):
    """Where one run moves more than `digest_above` cases of a unit, the unit is sent one summary of them."""

    digest_above: int = Field(20, ge=1, le=200)


class Spam(Frozen):
    """What is held for a person. A text shorter than `least_characters`, more than `most_links` links, one of `words`, or the
    same text from one link more than `most_repeats` times within `repeat_within`."""

    least_characters: int = Field(2, ge=1)
    most_links: int = Field(1, ge=0)
    words: tuple[str, ...] = ()
    most_repeats: int = Field(3, ge=1)
    repeat_within: SpanText = "1 days"

    def reasons_in(self, text: str) -> tuple[str, ...]:
        """What makes a text by itself look like spam: `short`, `links`, `words`."""
        plain = letters(text)
        found = {
            "short": len(plain) < self.least_characters,
            "links": len(_LINK.findall(unicodedata.normalize("NFKC", text))) > self.most_links,
            "words": any(letters(word) in plain for word in self.words),
        }
        return tuple(reason for reason, holds in found.items() if holds)


class Rate(Frozen):
    """So many at once (`burst`), and as many again every minute (`per_minute`)."""

    burst: int = Field(ge=1, le=100_000)
    per_minute: int = Field(ge=1, le=100_000)


class IntakeLimits(Frozen):
    """What the residents' service takes: reports of one link, of the form without a link and of one GeoReport client; what
    is written on one status page; the size of a photo as it is sent, and the characters of a text. After `kept_months` the
    service forgets a report and its status link."""

    link: Rate = Rate(burst=30, per_minute=20)
    open_form: Rate = Rate(burst=120, per_minute=60)
    client: Rate = Rate(burst=1200, per_minute=1200)
    token: Rate = Rate(burst=20, per_minute=10)
    photo_megabytes: int = Field(8, ge=1, le=20)
    text_characters: int = Field(2000, ge=100, le=20_000)
    kept_months: int = Field(24, ge=6, le=120)


class Ledgers(Frozen):
    """`same_within_days`: a case and an entry of a department's ledger, of one kind in one courtyard, that were found no further
    apart are one thing, if each fits no other. Few days: listed twice is better than one of two not listed."""

    same_within_days: dict[Literal["hazard", "dispute"], int] = Field({"hazard": 7, "dispute": 3})


class RootCauses(Frozen):
    """At least so many cases of one category in one courtyard, opened within so many days, may have one cause."""

    least: int = Field(3, ge=2)
    within_days: int = Field(30, ge=1, le=366)


class CaseRules(Frozen):
    """`rules/cases.yaml`. `fallback` is the category of what no word tells; below `sure_from` a category is asked of a person.

    `sources` are the datasets whose records are reports. One from farther than `outside_metres` from every courtyard is
    held for a person.
    """

    levels: tuple[Level, ...]
    terms: tuple[Terms, ...]
    categories: tuple[Category, ...]
    fallback: str
    sure_from: float = Field(0.6, ge=0, le=1)
    emergencies: tuple[Emergency, ...] = ()
    closing: Closing
    chasing: Chasing
    spam: Spam = Spam()
    sources: tuple[ReportSource, ...] = ()
    classifying: Classifying = Classifying()
    joining: Joining = Joining()
    outside_metres: int = Field(500, ge=60)
    limits: IntakeLimits = IntakeLimits()
    alerts: Alerts = Alerts()
    ledgers: Ledgers = Ledgers()
    root_causes: RootCauses = RootCauses()

    def emergency_in(self, text: str) -> Emergency | None:
        """The first emergency of the pack that a text tells of, or None.

        Spaces, punctuation and invisible characters between the letters do not hide a word. Words of `unless` are taken out
        before it is looked for, so that 火锅店 is no fire, but a fire in one is: a false alarm costs less than a missed one.
        """
        plain = letters(text)
        for emergency in self.emergencies:
            left = plain
            for phrase in sorted(emergency.unless, key=len, reverse=True):
                left = left.replace(letters(phrase), "\n")
            if any(letters(word) in left for word in emergency.words):
                return emergency
        return None

    def level(self, name: str) -> Level:
        return next(level for level in self.levels if level.level == name)

    def terms_of(self, urgency: str) -> Terms:
        return next(terms for terms in self.terms if terms.urgency == urgency)

    def category(self, code: str) -> Category:
        """Raises KeyError for a code that is no category's."""
        for category in self.categories:
            if category.code == code:
                return category
        raise KeyError(code)


def letters(text: str) -> str:
    """Letters and digits of a text, in one width and case."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text)).casefold()


class Department(Frozen):
    """A row of `departments.csv`: a department that letters go to, by the name it is addressed by.

    `aliases` are its other names, separated by spaces; `contact` a mail address of its office, never a person's.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    name: str
    aliases: str | None = None
    contact: str | None = None
    valid_from: date
    valid_to: date | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *(self.aliases or "").split())

    def exists_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)
