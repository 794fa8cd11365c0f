/* SPDX-License-Identifier: MIT */
/* Owns: the declarations of stdlib.c and start.c. Relies on: types.h. Who may include: programs. */
#ifndef VDK_NOLIBC_STDLIB_H
#define VDK_NOLIBC_STDLIB_H

#include "types.h"

/* Each allocation is a mapping of its own. */
void *malloc(size_t size);
void free(void *memory);
_Noreturn void exit(int status);
_Noreturn void abort(void);
int atexit(void (*fn)(void));
char *getenv(const char *name);
int abs(int n);
int atoi(const char *s);
long long atoll(const char *s);
long strtol(const char *s, char **end, int base);
unsigned long strtoul(const char *s, char **end, int base);
unsigned long long strtoull(const char *s, char **end, int base);
int rand_r(unsigned int *seed);
char *mkdtemp(char *template);
char *realpath(const char *path, char *to); /* `to` may not be null */

#endif
