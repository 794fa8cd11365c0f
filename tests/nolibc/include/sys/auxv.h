/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: unistd.h for getauxval(), elf.h for the types. Who may include: programs. */
#include "../elf.h"
#include "../unistd.h"
