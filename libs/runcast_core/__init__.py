"""Contracts that the services share, and the adapters to Redis and the store. Imports nothing else of ours."""
