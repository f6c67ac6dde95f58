"""The front door: settings, the command line, and the month, lived once.

This floor puts the others in order. It computes nothing itself: a number that
is made here is on the wrong floor.
"""
