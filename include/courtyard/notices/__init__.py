"""What is told to units and departments, once each: mail and webhooks with a ledger."""
