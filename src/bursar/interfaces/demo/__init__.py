"""The demo workspace: three years of a household's money at real prices.

Prices are the S&P sample that the skfolio package carries (20 stocks and the index, adjusted
closes, up to 28 December 2022); dollar-euro rates are the European Central Bank's monthly averages.
Accounts, salaries and purchases are made up. Everything goes in through the operations anyone uses.
"""

from bursar.interfaces.demo.seed import seed_demo

__all__ = ["seed_demo"]
