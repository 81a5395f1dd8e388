"""What is told to units and departments, once each: mail and webhooks with a ledger.

A stage queues inside its own transaction; `send` goes out later and repeats only what did not get through.
"""

from courtyard.notices.ledger import queue
from courtyard.notices.notice import Notice, addressed, contacts_of
from courtyard.notices.sending import deliver, send

__all__ = ["Notice", "addressed", "contacts_of", "deliver", "queue", "send"]
