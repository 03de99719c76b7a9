"""Statement files in and out: pure readers from bytes to one neutral model, and writers back.

Nothing here touches a database, a clock or the network: bytes in, `Statement` and problems out.
"""
