"""Before anything leaves: who gets proofs and copies, and how the mail looks for any recipient."""
