"""Routes, handlers, middleware, sockets, pages."""
