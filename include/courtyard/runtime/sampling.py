"""Drawing the sample street into an installation, never over deliveries of another one."""

from __future__ import annotations

import json
from collections.abc import Callable

from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.sample import generate
from courtyard.sample.generating import MARK, SampleSummary
from courtyard.settings import Settings


def draw_sample(
    settings: Settings, *, scale: float, seed: int | None = None, progress: Callable[[str], None] | None = None
) -> SampleSummary:
    """Write the sample street, or leave the equal one that is there.

    Raises UsageError when this installation has landed deliveries of a street of another size or
    seed: one warehouse must not hold two streets under one name.
    """
    chosen = {} if seed is None else {"seed": seed}
    mark = settings.sample / MARK
    if mark.exists() and any(settings.landing.rglob("*.sealed")):
        there = json.loads(mark.read_text("utf-8"))
        if there["scale"] != scale or (seed is not None and there["seed"] != seed):
            raise UsageError(
                f"{settings.var} holds deliveries of another sample street (scale {there['scale']:g}, seed {there['seed']}).",
                f"Choose another folder with COURTYARD_VAR, or remove {settings.var} and {settings.pgdata}.",
            )
    district = load_district(settings.district_path)
    return generate(district, settings.sample, settings.truth, scale=scale, progress=progress, **chosen)
