"""Platforms: each adapter turns documents into what one platform shows, and its events into requests."""
