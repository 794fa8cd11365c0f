/* SPDX-License-Identifier: MIT */
/* Owns: jumps out of signal handlers. Relies on: arch.S, signal.c. Who may include: programs. */
#ifndef VDK_NOLIBC_SETJMP_H
#define VDK_NOLIBC_SETJMP_H

#include "types.h"

typedef struct {
	unsigned long registers[22]; /* arch.S says which */
	sigset_t mask;
	int mask_saved;
} sigjmp_buf[1];

void nolibc_save_mask(sigjmp_buf env, int save);
__attribute__((returns_twice)) int nolibc_save_registers(sigjmp_buf env);
_Noreturn void siglongjmp(sigjmp_buf env, int value);

#define sigsetjmp(env, save) (nolibc_save_mask(env, save), nolibc_save_registers(env))

#endif
