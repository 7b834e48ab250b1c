def alternatives(context):
    return None
