/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: time.h. Who may include: programs. */
#include "../time.h"
