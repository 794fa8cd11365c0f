/* SPDX-License-Identifier: MIT */
/* The data page and the image as files in memory that can be mapped anywhere and written nowhere.
 *
 * Owns: the two memfds and their seals. Relies on: Linux 5.1 (F_SEAL_FUTURE_WRITE).
 * Never: leaves a way to write either but the timekeeper's own mapping of the page. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"
#include "vdsorun.h"

#include "vdso-image.h"

_Static_assert(VDK_IMAGE_PAGE_VERSION == VDK_PAGE_VERSION, "image and kit are of one version");
_Static_assert(VDK_IMAGE_DATA_SIZE == VDK_PAGE_SIZE, "one data page");

extern const char vdso_image[], vdso_image_end[]; /* image.S */

static int make_memfd(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		fail("%s: no memory file: %s", name, strerror(errno));
	return fd;
}

static void seal(int fd, int seals)
{
	if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		fail("memory can't be sealed against writing (Linux 5.1 can): %s", strerror(errno));
}

void memory_make_page(struct run *run)
{
	run->page_fd = make_memfd("vdk-page", VDK_PAGE_SIZE);
	run->kpage = mmap(NULL, VDK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, run->page_fd, 0);
	run->shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->kpage == MAP_FAILED || run->shared == MAP_FAILED)
		fail("no memory: %s", strerror(errno));
	seal(run->page_fd, F_SEAL_FUTURE_WRITE);
}

/* What can be mapped as one read-execute piece from offset 0, for this machine. */
static const char *image_error(const unsigned char *bytes, size_t size)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)bytes;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(bytes + sizeof(*eh));
	unsigned int loads = 0;

	if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_type != ET_DYN)
		return "not a shared object of 64 bits";
	if (eh->e_machine != MACHINE_ELF)
		return "for another machine";
	if (eh->e_phoff != sizeof(*eh) || eh->e_phentsize != sizeof(*ph) ||
		size < sizeof(*eh) + eh->e_phnum * sizeof(*ph))
		return "program headers are not where a vDSO has them";
	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD)
			continue;
		loads++;
		if (ph[i].p_offset || ph[i].p_vaddr || ph[i].p_flags != (PF_R | PF_X) || ph[i].p_memsz > size)
			return "its segment is not read and execute, from offset and address 0 on";
	}
	return loads == 1 ? NULL : "not one segment to load";
}

static unsigned char *read_image(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes;
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) != 0)
		fail("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > 1 << 20)
		fail("%s: not a vDSO: not a file of 1 byte to 1 MiB", path);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	got = bytes ? read(fd, bytes, *size) : -1;
	if (got != st.st_size)
		fail("%s: can't be read: %s", path, got < 0 ? strerror(errno) : "it is shorter than it said");
	close(fd);
	return bytes;
}

void memory_make_image(struct run *run)
{
	const unsigned char *bytes = (const unsigned char *)vdso_image;
	size_t size = (size_t)(vdso_image_end - vdso_image);
	const char *error;

	if (run->image_path)
		bytes = read_image(run->image_path, &size);
	error = image_error(bytes, size);
	if (error)
		fail("%s: not a vDSO for vdsorun: %s", run->image_path ? run->image_path : "the image inside", error);
	run->image_size = (size + VDK_PAGE_SIZE - 1) & ~(size_t)(VDK_PAGE_SIZE - 1);
	run->image_fd = make_memfd("vdk-vdso", run->image_size);
	if (pwrite(run->image_fd, bytes, size, 0) != (ssize_t)size)
		fail("the image can't be written to memory: %s", strerror(errno));
	seal(run->image_fd, F_SEAL_WRITE);
}
