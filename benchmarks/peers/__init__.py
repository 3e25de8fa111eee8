"""Other senders, as their own manuals show them. They are installed beside the benchmarks, never into the product."""
