"""Why a notice did not go out, and what that means for the next try."""

from courtyard.errors import CourtyardError


class NotSent(CourtyardError):
    """Not this time; the next run tries again."""


class ChannelDown(NotSent):
    """The server cannot be used at all: the rest of its notices wait for the next run."""


class AddressRefused(NotSent):
    """This address or message was refused; after some refusals it is given up."""
