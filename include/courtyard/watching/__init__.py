"""The watch: what failed, what is missing or unusual, which forms are due; told once a cause, and said again when it is over."""

from courtyard.watching.alerting import alert, recovered
from courtyard.watching.cause import Cause
from courtyard.watching.failing import Failure, cause_of
from courtyard.watching.looking import watch

__all__ = ["Cause", "Failure", "alert", "cause_of", "recovered", "watch"]
