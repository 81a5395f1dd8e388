"""`rules/map.yaml`: the layers of the map, and which figures of the archive make each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from courtyard.district.figures import NAME, Known, known_figures
from courtyard.district.frozen import Frozen

if TYPE_CHECKING:
    from courtyard.district.pack import Pack

Tone = Literal["red", "orange", "green", "blue", "purple"]
# Figures of cases, which no archive holds: how many are open in a courtyard now, and how many of these are overdue.
CASES = {
    "cases.open": Known("未办结工单", "件", "number", True, is_personal=True),
    "cases.overdue": Known("超期工单", "件", "number", True, is_personal=True),
}


class MapLayer(Frozen):
    """A layer: the sum of its figures, coloured by class; 0 is a class of its own, as is what is not known.

    `figures` are figures of the archive that add up, or `cases.open`; all of them of persons, or none. `classes` are
    the least values of the classes above 0, the first one 1. Where `flag` is above 0 a courtyard is outlined.
    """

    layer: str = Field(pattern=NAME)
    title: str
    unit: str
    figures: tuple[str, ...] = Field(min_length=1)
    flag: str | None = None
    classes: tuple[int, ...] = Field(min_length=1, max_length=5)
    tone: Tone
    note: str = ""

    @model_validator(mode="after")
    def _classes_rise(self) -> MapLayer:
        if self.classes[0] != 1 or any(low >= high for low, high in pairwise(self.classes)):
            raise ValueError("classes begin with 1 and rise")
        return self

    @property
    def is_cases(self) -> bool:
        """Whether it shows cases, which stand in no archive."""
        return any(name in CASES for name in self.figures)

    def class_of(self, value: int | float) -> int:
        """0 for nothing, else the number of its class from 1."""
        return sum(value >= least for least in self.classes)


def problems_of(pack: Pack) -> Iterator[str]:
    """What must hold of layers: each stands once, its figures are numbers that add up, of persons all or none."""
    read = pack.map_layers
    contracts = {name: contract.value for name, contract in pack.contracts.items()}
    known = known_figures(pack.archive.value, pack.key_groups.value, contracts) | CASES
    names = [layer.layer for layer in read.value]
    for index, layer in enumerate(read.value):
        if layer.layer in names[:index]:
            yield read.document.problem((index, "layer"), f"'{layer.layer}' stands twice", "Keep one of the two.")
        for place, name in enumerate((*layer.figures, *filter(None, [layer.flag]))):
            loc = (index, "flag") if place == len(layer.figures) else (index, "figures", place)
            if name not in known:
                remedy = "Name a figure of rules/archive.yaml, of the population, of a key group, or of cases."
                yield read.document.problem(loc, f"there is no figure '{name}'", remedy)
            elif not known[name].is_additive:
                yield read.document.problem(loc, f"'{name}' does not add up", "Name a figure that is counted.")
        named = [known[name] for name in layer.figures if name in known]
        if len({figure.is_personal for figure in named}) > 1 or len({name in CASES for name in layer.figures}) > 1:
            message = "counts of persons, of things and of cases are no one sum"
            yield read.document.problem((index, "figures"), message, "Make a layer of each.")
