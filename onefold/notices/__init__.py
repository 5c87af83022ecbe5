"""Notices: what tells people and services that a merge waits. One interface, one file for each way to send."""
