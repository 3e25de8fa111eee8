"""One act of adding people: check, first mails, dates, confirm, take back."""
