"""What kernel sources tell of themselves: functions, symbols, ISAs, ops. Pure functions over text and bytes.

Nothing here is a compiler: what cannot be told is left open, and the user is asked for it.
"""
