"""For tests of searchers, yours included: small spaces in memory, and the suite that every searcher passes."""
