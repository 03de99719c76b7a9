"""PostgreSQL and Redis from their Python wheels, for an installation that names no servers.

The supervisor is their parent: the modules here prepare a data folder, say how to start the server
(`Launch`), tell when it answers, and end what a crash left behind. They start nothing themselves.
All state lives under BURSAR_HOME, and whoever prepares a server holds the folder's lock.
"""
