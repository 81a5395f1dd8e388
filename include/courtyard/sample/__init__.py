"""The sample street: synthetic people, what every source sees of them, and the truth apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from courtyard.district.models import District

if TYPE_CHECKING:
    from courtyard.sample.generating import SampleSummary


def generate(
    district: District,
    out: Path,
    truth: Path,
    *,
    scale: float = 1.0,
    seed: int = 20260701,
    progress: Callable[[str], None] | None = None,
) -> SampleSummary:
    """Write the sources' files below `out` and the truth below `truth` (see sample.generating)."""
    from courtyard.sample.generating import generate as make

    return make(district, out, truth, scale=scale, seed=seed, progress=progress)
