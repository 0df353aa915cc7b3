"""The edge: clock, sockets, journal, web. Everything that touches the world is in this room."""
