"""Settings of every secret store that comes with stagemail, one module each.

Nothing is imported here: an operator file names two or three of them. All together: ``resources.built_in``.
"""
