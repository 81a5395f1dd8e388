"""The district pack: units, contracts, source and report specifications (typed, frozen, extra forbidden)."""

from courtyard.district.loader import load_district
from courtyard.district.models import District

__all__ = ["District", "load_district"]
