/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: signal.h; a context is an array of words to those who use it.
 * Who may include: programs. */
#include "signal.h"
