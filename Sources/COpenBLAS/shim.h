// Goals, in order: 1. the C interfaces of OpenBLAS (CBLAS) and of LAPACK (LAPACKE) as one Clang
// module; 2. a build error, not wrong numbers, where the library was built with 64-bit integers.

#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H

#include <cblas.h>
#include <lapacke.h>

// Swift has no C complex type: the functions that take one by value are left out of the import, and
// none of them is needed here. The real functions import as they are.

_Static_assert(sizeof(blasint) == 4, "COpenBLAS needs an OpenBLAS with 32-bit integers (LP64)");
_Static_assert(sizeof(lapack_int) == 4, "COpenBLAS needs a LAPACKE with 32-bit integers (LP64)");

#endif
