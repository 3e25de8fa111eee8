"""Telling programs elsewhere what happened: webhooks, and the calls made to them."""
