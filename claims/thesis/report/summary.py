def summary(context):
    return None
