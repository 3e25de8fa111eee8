"""Mails of tasks that stand among the drafts of their rep's mailbox, and what was really sent of them."""
