"""Lots are derived, never stored truth: a position's dated events in, lots and realised gains out.

Everything is an integer: quantities in the instrument's smallest unit, money in the smallest unit
of the position's cost currency. Where a cost is divided, the parts sum to the whole.

- `position`: what a position is (account, instrument, method, currency, when a gain is long-term)
- `events`: what can happen to it, and the order of events within a day
- `lot`: what comes out (lots, matches, carried lots, residues, the state between two days)
- `rebuild`: from a state and the events after it to the next state
- `history`: keeps snapshots, so that a back-dated event costs only the days from its own on
- `linked`: several positions whose transfers and corporate actions hand lots to one another
- `gains`, `wash`, `select`: realised gains, wash-sale windows, previews of a sale
"""
