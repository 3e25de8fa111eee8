"""The same server and room as the topics have."""

from tests.topics.conftest import room, sink

__all__ = ["room", "sink"]
