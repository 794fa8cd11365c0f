/* SPDX-License-Identifier: MIT */
/* Owns: the image under test, mapped into the test as a kernel maps it.
 * Relies on: vdso-image.h of the build, VDK_BUILD or ARCH in the environment.
 * Who may include: tests/image. */
#ifndef VDK_TESTS_IMAGE_MAP_H
#define VDK_TESTS_IMAGE_MAP_H

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "vdk/page.h"
#include "vdso-image.h"

#define MAP_PAGE 4096ul
#define MAP_LARGE 0x10000ul
#define MAP_DATA (((VDK_IMAGE_SPACE_BELOW) + MAP_LARGE - 1) & ~(MAP_LARGE - 1)) /* of all data pages */
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

/* The image's ELF header; below it, zeros: data pages that send every call to the kernel. Data and image are in pages of 64 KiB of their
 * own, as a kernel with such pages maps them, and as QEMU's user mode asks for multiples of the machine's page. */
static inline const unsigned char *map_image(void)
{
	unsigned char *data = mmap(NULL, MAP_DATA + MAP_LARGE + MAP_LARGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *image = data + MAP_DATA + (-(uintptr_t)data & (MAP_LARGE - 1));
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segment;
	FILE *file = open_image();
	size_t size;

	_Static_assert(VDK_IMAGE_SIZE <= MAP_LARGE, "the image is one large page");
	if (data == MAP_FAILED)
		bail("the image cannot be mapped: %s", strerror(errno));
	size = fread(image, 1, VDK_IMAGE_SIZE, file);
	if (MAP_ROUND(size) != VDK_IMAGE_SIZE || fgetc(file) != EOF)
		bail("the image does not fit vdso-image.h: it is not 0x%x bytes with its padding", VDK_IMAGE_SIZE);
	fclose(file);
	header = (const Elf64_Ehdr *)image;
	segment = (const Elf64_Phdr *)(image + header->e_phoff);
	while (segment->p_type != PT_LOAD)
		segment++;
	if (segment->p_offset != 0 || segment->p_vaddr != 0 || segment->p_memsz > size)
		bail("the image does not fit vdso-image.h: its PT_LOAD has 0x%lx bytes", segment->p_memsz);
	if (mprotect(image - MAP_DATA, MAP_DATA, PROT_READ) != 0 || mprotect(image, MAP_LARGE, PROT_READ | PROT_EXEC) != 0)
		bail("mprotect: %s", strerror(errno));
	return image;
}

/* A data page of a mapped image, as far below it as vdso-image.h says, writable. */
static inline void *open_data(const unsigned char *image, size_t below)
{
	if (mprotect((void *)(uintptr_t)(image - MAP_DATA), MAP_DATA, PROT_READ | PROT_WRITE) != 0)
		bail("mprotect: %s", strerror(errno));
	return (void *)(uintptr_t)(image - below);
}

static inline struct vdk_page *open_page(const unsigned char *image)
{
	return (struct vdk_page *)open_data(image, VDK_IMAGE_DATA_SIZE);
}

#endif
