/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: unistd.h. Who may include: programs. */
#include "unistd.h"
