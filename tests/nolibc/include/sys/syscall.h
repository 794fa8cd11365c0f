/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: the build, which makes the list of numbers. Who may include: programs. */
#include <syscall-numbers.h>
