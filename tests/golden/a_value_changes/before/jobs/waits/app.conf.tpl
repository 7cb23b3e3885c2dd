no token yet
