"""Offline training: corpus -> models. May import `dateline`, never `service`."""
