"""Notifications reach people outside the pages: each is sent to the addresses that a person gave.

Rows first: a dispatch is written together with its notification, and sent until it arrives or is
given up. Must not know sockets of readers, pages or alerts.
"""
