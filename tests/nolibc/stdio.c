/* SPDX-License-Identifier: MIT */
/* Buffered files: three standard streams, and files to read.
 *
 * Owns: struct nolibc_file. Relies on: one thread at a time using a file. */
#include <stdio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct nolibc_file {
	int fd, mode;
	size_t used, taken; /* bytes in the buffer, and of these, read from it */
	char buffer[4096];
};

static struct nolibc_file in = { .fd = 0 }, out = { .fd = 1, .mode = _IOFBF }, error = { .fd = 2, .mode = _IONBF };
FILE *const stdin = &in, *const stdout = &out, *const stderr = &error;

FILE *fopen(const char *path, const char *mode)
{
	FILE *file;
	int fd;

	if (strcmp(mode, "r") != 0) {
		errno = EINVAL;
		return NULL;
	}
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	file = malloc(sizeof(*file));
	if (!file) {
		close(fd);
		return NULL;
	}
	file->fd = fd;
	file->used = file->taken = 0;
	return file;
}

int fclose(FILE *file)
{
	int result = close(file->fd);

	free(file);
	return result;
}

int setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
	(void)buffer;
	(void)size;
	file->mode = mode;
	return 0;
}

int fflush(FILE *file)
{
	size_t written = 0;

	while (written < file->used) {
		ssize_t n = write(file->fd, file->buffer + written, file->used - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		written += (size_t)n;
	}
	file->used -= written;
	memmove(file->buffer, file->buffer + written, file->used);
	return file->used ? EOF : 0;
}

static bool put(const char *from, size_t size, FILE *file)
{
	bool line = false;

	for (; size > 0; size--, from++) {
		if (file->used == sizeof(file->buffer) && fflush(file) != 0)
			return false;
		file->buffer[file->used++] = *from;
		line = line || *from == '\n';
	}
	return file->mode == _IOFBF || (file->mode == _IOLBF && !line) || fflush(file) == 0;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
	return put(from, size * count, file) ? count : 0;
}

int fputs(const char *s, FILE *file)
{
	return put(s, strlen(s), file) ? 0 : EOF;
}

int putchar(int c)
{
	char byte = (char)c;

	return put(&byte, 1, stdout) ? (unsigned char)c : EOF;
}

int puts(const char *s)
{
	return fputs(s, stdout) == 0 && putchar('\n') == '\n' ? 0 : EOF;
}

int fgetc(FILE *file)
{
	ssize_t n;

	if (file->taken == file->used) {
		n = read(file->fd, file->buffer, sizeof(file->buffer));
		file->taken = 0;
		file->used = n > 0 ? (size_t)n : 0;
		if (n <= 0)
			return EOF;
	}
	return (unsigned char)file->buffer[file->taken++];
}

char *fgets(char *s, int size, FILE *file)
{
	int length = 0, c = 0;

	while (length < size - 1 && c != '\n' && (c = fgetc(file)) != EOF)
		s[length++] = (char)c;
	s[length] = '\0';
	return length > 0 ? s : NULL;
}

void perror(const char *what)
{
	int number = errno;

	fprintf(stderr, "%s: %s\n", what, strerror(number));
}
