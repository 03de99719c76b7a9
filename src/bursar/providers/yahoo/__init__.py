"""Yahoo Finance's chart API through the yfinance library."""
