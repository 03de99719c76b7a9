"""Instruments, prices, corporate actions, exchange rates and trading calendars."""
