"""What makes an instance, a mailbox or a sender stand still, and how it starts again."""
