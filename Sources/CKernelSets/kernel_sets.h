#ifndef RECURRENT_KERNEL_SETS_H
#define RECURRENT_KERNEL_SETS_H

// The kernels of each instruction set, known by these names alone until the program is linked: what calls
// them is compiled beside the modules that have them, which take a minute, and does not wait for them.
//
// Each writes a KernelSet (module CellKernels) into memory for one.

void recurrent_kernels_128(void *_Nonnull target);
void recurrent_kernels_256(void *_Nonnull target);
void recurrent_kernels_512(void *_Nonnull target);

#endif
