"""The mails a rep writes, looks through and puts right."""
