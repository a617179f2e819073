"""From an article's figures to published charts, through a ledger in which every printed number is an entry."""
