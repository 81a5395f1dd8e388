"""Courtyard (数字院落): from messy submissions to one courtyard warehouse and the reports made from it."""

__version__ = "0.1.0"
