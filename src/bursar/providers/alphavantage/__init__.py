"""AlphaVantage's query API over plain HTTP."""
