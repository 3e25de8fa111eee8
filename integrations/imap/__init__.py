"""Reading a mailbox by IMAP (RFC 3501): new mail by UID, IDLE (RFC 2177), copies in the folder of sent mail."""

from integrations.imap.opening import Settings
from integrations.imap.reader import ImapReader
from integrations.imap.readers import Readers

__all__ = ["ImapReader", "Readers", "Settings"]
