"""The HTTP service: Flask app, schemas, errors, server. May import `dateline`, never `training`."""
