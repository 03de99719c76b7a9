"""Planning: from targets to drift and to trades; nothing here writes or places an order.

- `policy`: checked terms of a target policy
- `weights`: what is held by key, and drift as figures
- `goals`, `placement`, `sales`: how much of each instrument, in which account, out of which lots
- `plan`: all of it together
"""
