/* SPDX-License-Identifier: MIT */
/* The beginning and the end of a program.
 *
 * Owns: environ, the auxiliary vector, the template of thread-local variables, atexit(). Relies on: arch.S's _start.
 * Never: is position-independent; runs constructors. */
#include "nolibc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

char **environ;
_Thread_local int errno;

static const Elf64_auxv_t *auxv;
static const Elf64_Phdr *tls; /* NULL: no variables */
static char first_thread[8192] __attribute__((aligned(64)));
static void (*exits[8])(void);
static size_t exit_count;

unsigned long getauxval(unsigned long type)
{
	for (const Elf64_auxv_t *entry = auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type)
			return entry->a_un.a_val;
	return 0;
}

/* The thread pointer is aligned as the variables are; they lie below it, or it between descriptor and them. With them
 * below, their distance from it is their size, rounded up. */
struct nolibc_thread *nolibc_make_thread(char *memory, size_t size)
{
	uintptr_t align = tls && tls->p_align > 64 ? tls->p_align : 64, end = (uintptr_t)memory + size;
	size_t room = tls ? (tls->p_memsz + tls->p_align - 1) / tls->p_align * tls->p_align : 0;
	size_t above = TLS_BELOW ? sizeof(struct nolibc_thread) : room;
	char *pointer = (char *)((end - above) / align * align), *variables = pointer - (TLS_BELOW ? room : 0);
	struct nolibc_thread *thread = (struct nolibc_thread *)pointer - !TLS_BELOW;

	if (room + sizeof(*thread) + 2 * align > size)
		return NULL;
	if (tls)
		memcpy(variables, (const void *)tls->p_vaddr, tls->p_filesz);
	memset(thread, 0, sizeof(*thread));
	thread->self = thread;
	return thread;
}

void nolibc_start(long *stack)
{
	char **argv = (char **)(stack + 1);
	struct nolibc_thread *thread;

	environ = argv + stack[0] + 1;
	for (char **end = environ; !auxv; end++)
		if (!*end)
			auxv = (const Elf64_auxv_t *)(end + 1);
	for (size_t i = 0; i < getauxval(AT_PHNUM); i++)
		if (((const Elf64_Phdr *)getauxval(AT_PHDR))[i].p_type == PT_TLS)
			tls = (const Elf64_Phdr *)getauxval(AT_PHDR) + i;
	thread = nolibc_make_thread(first_thread, sizeof(first_thread));
	if (!thread)
		_exit(127);
	nolibc_set_thread_pointer(nolibc_pointer_of(thread));
	thread->tid = (int)CALL1(set_tid_address, &thread->tid);
	nolibc_find_vdso();
	exit(main((int)stack[0], argv, environ));
}

int atexit(void (*fn)(void))
{
	if (exit_count == LENGTH(exits))
		return -1;
	exits[exit_count++] = fn;
	return 0;
}

void exit(int status)
{
	while (exit_count > 0)
		exits[--exit_count]();
	fflush(stdout);
	_exit(status);
}

void _exit(int status)
{
	for (;;)
		CALL1(exit_group, status);
}
