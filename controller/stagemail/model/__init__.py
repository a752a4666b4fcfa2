"""Pure, frozen data of the product; the standard library only.

Job: the words of the glossary as types. Not its job: reading, writing, deciding, rendering.
"""
