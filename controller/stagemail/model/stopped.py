"""The process is to stop: raised where a pass would wait, so that it is given up in order."""


class Stopped(BaseException):
    """No error: nobody but the one who began the pass catches it."""
