"""Letting the service into a mailbox without its password: consent of its rep, or of the whole organisation."""
