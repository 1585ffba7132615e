/* sobol.h - points that fill a cube evenly: the Sobol sequence with the direction numbers of Joe and Kuo.
 *
 * S. Joe, F. Y. Kuo: "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
 * (2008), new-joe-kuo-6.21201. Point i is that of the Gray code of i; the first one is 0 in every dimension. */
#ifndef FTDN_HARNESS_MANIFEST_SOBOL_H
#define FTDN_HARNESS_MANIFEST_SOBOL_H

#include <stdint.h>

#define FTDN_SOBOL_DIMENSIONS 16

/* Coordinate of point `index` in units of 2^-32. dimension: 0 ... FTDN_SOBOL_DIMENSIONS-1. */
uint32_t ftdn_sobol(uint32_t index, int dimension);

#endif
