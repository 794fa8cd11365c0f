/* SPDX-License-Identifier: MIT */
/* Owns: what the library's files share: the system call, the thread descriptor, who starts whom.
 * Relies on: arch/<a>/arch.h.
 * Who may include: the .c files of tests/nolibc. */
#ifndef VDK_NOLIBC_H
#define VDK_NOLIBC_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>

/* It supplies nolibc_syscall(nr, a, b, c, d, e, f), nolibc_thread_pointer(), nolibc_set_thread_pointer(tp);
 * TLS_BELOW, 1 if thread-local variables end where the thread pointer points and 0 if they begin there;
 * SIGACTION_RESTORER, 1 if the kernel returns from handlers through the program.
 * Its arch.S: _start, vfork, and what is declared below. */
#include "arch.h"

/* With TLS_BELOW it is where the thread pointer points, otherwise it ends there. */
struct nolibc_thread {
	struct nolibc_thread *self;
	int tid;                    /* 0 when the thread has ended: the kernel's doing */
	void *(*fn)(void *);
	void *arg, *result;
	void *memory; /* stack, thread-local variables, descriptor */
	size_t size;
};

#define CALL(nr, a, b, c, d, e, f) \
	nolibc_syscall(SYS_##nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL0(nr) CALL(nr, 0, 0, 0, 0, 0, 0)
#define CALL1(nr, a) CALL(nr, a, 0, 0, 0, 0, 0)
#define CALL2(nr, a, b) CALL(nr, a, b, 0, 0, 0, 0)
#define CALL3(nr, a, b, c) CALL(nr, a, b, c, 0, 0, 0)
#define CALL4(nr, a, b, c, d) CALL(nr, a, b, c, d, 0, 0)

/* -errno becomes -1 and errno. */
long nolibc_result(long result);

/* Lays a thread's variables and descriptor into `memory`, at its end. NULL: they do not fit. */
struct nolibc_thread *nolibc_make_thread(char *memory, size_t size);

static inline void *nolibc_pointer_of(struct nolibc_thread *thread)
{
	return TLS_BELOW ? thread : thread + 1;
}

static inline struct nolibc_thread *nolibc_self(void)
{
	return (struct nolibc_thread *)nolibc_thread_pointer() - !TLS_BELOW;
}

/* A new thread on the stack that ends at `stack` goes to nolibc_thread_main(). */
long nolibc_clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid, void *thread_pointer);
_Noreturn void nolibc_thread_main(void);
void nolibc_restore(void);
_Noreturn void nolibc_load_registers(unsigned long *registers, int value);

/* Called by _start, with the stack as the kernel has laid it out. */
_Noreturn void nolibc_start(long *stack);
int main(int argc, char **argv, char **envp);

void nolibc_find_vdso(void);

#endif
