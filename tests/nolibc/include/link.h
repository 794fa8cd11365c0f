/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: elf.h. Who may include: programs. */
#include "elf.h"
