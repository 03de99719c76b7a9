"""What every operation runs on: registry, context, database, journal, effects, embedded servers."""
