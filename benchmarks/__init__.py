"""Measures this gateway beside its peers in one run; README.md says how. No part of the product."""
