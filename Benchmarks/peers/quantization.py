"""What is lost when operands of products are stored in fewer bits than those of a float.

A weight in bfloat16 has 8 significant bits: it is off by at most 2⁻⁹ of its magnitude. One in 8 bits is off by half a
step of a grid of 254 steps from −m to m, with m the greatest magnitude of its matrix; one scale for each row of it
makes that smaller. Products of integers take the other operand in integers too: inputs and states, in steps of a part
of their range, 0 included. At least 7 bits are expected of them, since processors without instructions for products
of 8 by 8 bits add two such products in 16 bits, where only 7 by 8 always fit.
"""

import numpy

WEIGHT_STEPS, OPERAND_STEPS = 254, 127


def weight_error(array, weights):
    """How far each element of a matrix may be off, or None if it is stored as it is."""
    if weights == "bfloat16":
        return 2.0**-9 * numpy.abs(array)
    if weights == "int8":
        return numpy.full(array.shape, numpy.abs(array).max() / WEIGHT_STEPS)
    return None


def operand_error(array, weights):
    """How far each element of the operand of a product with such weights may be off, or 0.0 if it is taken as it is."""
    if weights == "int8":
        extent = max(array.max(), 0) - min(array.min(), 0)
        return numpy.full(array.shape, extent / OPERAND_STEPS / 2)
    return 0.0
