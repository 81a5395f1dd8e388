import pytest

from courtyard.district.models import Courtyard
from courtyard.identity.points import PointIndex

METRE = 1 / 111_320  # degrees of latitude


def at(code: str, metres_north: float) -> Courtyard:
    return Courtyard(
        code=code, name=code, micro_grid_code="m", road="r", door="1号", lon=104.05, lat=30.67 + metres_north * METRE,
        buildings=1, units=1, floors=1, rooms=1, households=1, built_year=1990,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("metres_north", "code"),
    [(0, "A"), (30, "A"), (-59, "A"), (-61, None), (45, None), (75, "B"), (500, None)],
)
def test_a_point_belongs_to_the_one_courtyard_that_is_plainly_nearest(metres_north, code):
    index = PointIndex([at("A", 0), at("B", 100)])
    assert index.nearest(104.05, 30.67 + metres_north * METRE) == code


def test_a_point_at_the_edge_of_a_cell_sees_the_neighbouring_cell():
    index = PointIndex([at("A", 0)])
    assert index.nearest(104.05, 30.67 - 1 * METRE) == "A"
    assert index.nearest(104.05 - 1e-6, 30.67) == "A"
