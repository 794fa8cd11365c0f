/* SPDX-License-Identifier: MIT */
/* Owns: the image under test, mapped into the test as a kernel maps it.
 * Relies on: vdso-image.h of the build, VDK_BUILD or ARCH in the environment.
 * Who may include: tests/image. */
#ifndef VDK_TESTS_IMAGE_MAP_H
#define VDK_TESTS_IMAGE_MAP_H

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "vdso-image.h"

#define MAP_PAGE 4096ul
#define MAP_ROUND(size) (((size) + MAP_PAGE - 1) & ~(MAP_PAGE - 1))

static inline FILE *open_image(void)
{
	const char *build = getenv("VDK_BUILD"), *arch = getenv("ARCH");
	char path[4096];
	FILE *file;

	if (build)
		snprintf(path, sizeof(path), "%s/vdso.so", build);
	else
		snprintf(path, sizeof(path), "build/%s/vdso.so", arch ? arch : "x86_64");
	file = fopen(path, "rb");
	if (!file)
		bail("%s: %s", path, strerror(errno));
	return file;
}

/* The image's ELF header; below it, VDK_IMAGE_DATA_SIZE bytes of zeros: a data page that sends every call to the
 * kernel. */
static inline const unsigned char *map_image(void)
{
	unsigned char *data = mmap(NULL, VDK_IMAGE_DATA_SIZE + VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *image = data + VDK_IMAGE_DATA_SIZE;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Phdr *segment;
	FILE *file = open_image();
	size_t size;

	if (data == MAP_FAILED)
		bail("the image cannot be mapped: %s", strerror(errno));
	size = fread(image, 1, VDK_IMAGE_SIZE, file);
	if (MAP_ROUND(size) != VDK_IMAGE_SIZE || fgetc(file) != EOF)
		bail("the image does not fit vdso-image.h: it is not 0x%x bytes with its padding", VDK_IMAGE_SIZE);
	fclose(file);
	segment = (const Elf64_Phdr *)(image + header->e_phoff);
	while (segment->p_type != PT_LOAD)
		segment++;
	if (segment->p_offset != 0 || segment->p_vaddr != 0 || segment->p_memsz > size)
		bail("the image does not fit vdso-image.h: its PT_LOAD has 0x%lx bytes", segment->p_memsz);
	if (mprotect(data, VDK_IMAGE_DATA_SIZE, PROT_READ) != 0 ||
	    mprotect(image, VDK_IMAGE_SIZE, PROT_READ | PROT_EXEC) != 0)
		bail("mprotect: %s", strerror(errno));
	return image;
}

#endif
