"""How fast a mailbox, a domain and a relay may send."""
