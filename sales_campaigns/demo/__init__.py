"""The demo company, for trying the product on one machine without any account."""

from sales_campaigns.demo.company import begins, found_company, is_loaded, live_through, move_mailboxes

__all__ = ["begins", "found_company", "is_loaded", "live_through", "move_mailboxes"]
