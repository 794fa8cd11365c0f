/* SPDX-License-Identifier: MIT */
/* Owns: the declarations of string.c. Relies on: types.h. Who may include: programs. */
#ifndef VDK_NOLIBC_STRING_H
#define VDK_NOLIBC_STRING_H

#include "types.h"

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t size);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strtok(char *s, const char *set);
/* "error N": names are a table that no test needs. */
char *strerror(int error);

#endif
