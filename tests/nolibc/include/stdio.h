/* SPDX-License-Identifier: MIT */
/* Owns: the declarations of stdio.c, printf.c and scanf.c. Relies on: types.h. Who may include: programs. */
#ifndef VDK_NOLIBC_STDIO_H
#define VDK_NOLIBC_STDIO_H

#include <stdarg.h>

#include "types.h"

typedef struct nolibc_file FILE;
extern FILE *const stdin, *const stdout, *const stderr;

#define EOF (-1)
enum { _IOFBF, _IOLBF, _IONBF };

#define NOLIBC_FORMAT(kind, string, first) __attribute__((format(kind, string, first)))

FILE *fopen(const char *path, const char *mode); /* "r" only */
int fclose(FILE *file);
int fflush(FILE *file);
int setvbuf(FILE *file, char *buffer, int mode, size_t size); /* before any output; the buffer is the file's own */
int fgetc(FILE *file);
char *fgets(char *s, int size, FILE *file);
int fputs(const char *s, FILE *file);
int puts(const char *s);
int putchar(int c);
size_t fwrite(const void *from, size_t size, size_t count, FILE *file);
void perror(const char *what);
NOLIBC_FORMAT(printf, 1, 2) int printf(const char *format, ...);
NOLIBC_FORMAT(printf, 2, 3) int fprintf(FILE *file, const char *format, ...);
NOLIBC_FORMAT(printf, 3, 4) int snprintf(char *to, size_t size, const char *format, ...);
NOLIBC_FORMAT(printf, 1, 0) int vprintf(const char *format, va_list args);
NOLIBC_FORMAT(printf, 2, 0) int vfprintf(FILE *file, const char *format, va_list args);
NOLIBC_FORMAT(printf, 3, 0) int vsnprintf(char *to, size_t size, const char *format, va_list args);
NOLIBC_FORMAT(scanf, 2, 3) int fscanf(FILE *file, const char *format, ...);
NOLIBC_FORMAT(scanf, 2, 3) int sscanf(const char *s, const char *format, ...);

#endif
