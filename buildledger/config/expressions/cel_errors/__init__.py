"""What the engine of expressions finds wrong, in words of this format.

The engine's own words are those of its parser (`mismatched input '<EOF>' expecting {'[', …}`). Each class of them is
translated by what stands in the expression at the place; what isn't known gets an honest frame. No module of this
package knows the engine itself, or files.
"""
