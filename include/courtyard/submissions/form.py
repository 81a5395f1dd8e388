"""The quarterly form of the grids: which contracts it is made of, and the words that it is written with."""

from __future__ import annotations

from dataclasses import dataclass

from courtyard.district.models import Contract, District
from courtyard.errors import PackError
from courtyard.privacy.keys import KeyRing

FORM_VERSION = "2026.1"
OPTIONS = "_选项"
STATE_LABEL, STATES = "本表情况：", ("有变化", "无变化", "本季度无")
NATURE_LABEL = "报送性质："
UNCHANGED = "unchanged"  # the code under which a contract's `active` column says that nothing changed
CHANGED_ON = "change_date"  # speaks of the change of one quarter, so it is not carried into the next
HEADER_ROW = 4  # 1-based: title, metadata and state of the sheet stand above it


@dataclass(frozen=True)
class Form:
    """The contracts of the workbook that grids hand in: one sheet a group, and one of questions."""

    source: str
    groups: tuple[Contract, ...]
    questions: Contract | None

    @classmethod
    def of(cls, district: District) -> Form:
        """The form of the pack's submitted source; PackError when no source is submitted by units."""
        for spec in district.sources.values():
            if spec.is_submitted and spec.cadence == "quarter":
                contracts = [district.contracts[name] for name in spec.datasets]
                groups = tuple(c for c in contracts if not c.optional)
                return cls(spec.source, groups, next((c for c in contracts if c.optional), None))
        raise PackError("没有由网格按季度报送的来源。", "请在 sources/ 中给网格采集表写上 is_submitted: true。")


def signature(ring: KeyRing, street: str, unit_code: str, period: str, issue_no: int) -> str:
    """Proves that a workbook is one that the street issued to this grid for this quarter."""
    return ring.token(f"issue/{street}/{unit_code}/{period}/{issue_no}")[:32]
