"""Open311 GeoReport v2 below `/georeport/v2`."""

from __future__ import annotations

from fastapi import FastAPI


def mount(app: FastAPI) -> None:
    """Add the routes. `app.state` is `receiving.Service` and `pipeline_key`."""
