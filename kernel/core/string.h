/* SPDX-License-Identifier: MIT */
/* Owns: memory and string functions, those that the compiler calls included.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_STRING_H
#define VDK_KERNEL_CORE_STRING_H

#include "core/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *needle);
/* Copy at most size-1 bytes and end with NUL; the length of `from`. */
size_t strlcpy(char *to, const char *from, size_t size);

/* What is written to a file of /proc or /sys: `size` bytes, a newline at the end or not. */
/* Are they `word`? */
bool text_is(const char *text, size_t size, const char *word);
/* A decimal number, with a minus sign or without. False: it is none, or does not fit. */
bool text_to_int(const char *text, size_t size, int64_t *value);

#endif
