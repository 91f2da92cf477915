"""Rooms in which people, groups and shops talk."""
