import hooks

hooks.arm()
