"""The burden ledger: what forms ask for, what of it the archive answers, and forms looked at before they are admitted."""
