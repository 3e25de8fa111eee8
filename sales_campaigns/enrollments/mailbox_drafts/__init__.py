"""An e-mail task done in the rep's own mailbox: its draft there, and what its sending does to the campaign."""
