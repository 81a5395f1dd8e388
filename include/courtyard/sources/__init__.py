"""Transports: each asks one kind of department system for one period and hands over the bytes."""

from courtyard.sources.fetched import Fetched, Refused, safe_name

__all__ = ["Fetched", "Refused", "safe_name"]
