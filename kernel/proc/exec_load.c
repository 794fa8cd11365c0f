/* SPDX-License-Identifier: MIT */
/* From ELF files to areas of a new address space.
 * Owns: where program, interpreter and heap go.
 * Relies on: elf.c having checked every number.
 * Never: touches the current address space. */
#include "proc/exec.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "core/log.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/space.h"

#define HEAP_WINDOW 0x2000000UL

/* Read exactly `n` bytes: 0, -EIO when the file is shorter, or its own error. */
static int read_all(struct file *f, void *buf, size_t n, uint64_t pos)
{
	long got = file_read_kernel(f, buf, n, pos);

	return got < 0 ? (int)got : (size_t)got == n ? 0 : -EIO;
}

static int parse(struct exec_image *img, const struct elf_header *h, const char **wrong)
{
	size_t bytes = (size_t)h->phnum * sizeof(struct elf_program_header);
	struct elf_program_header *table = kmalloc(bytes);
	int rc = -ENOMEM;

	img->elf.segments = kmalloc((size_t)h->phnum * sizeof(struct elf_segment));
	if (table && img->elf.segments)
		rc = read_all(img->file, table, bytes, h->phoff);
	if (!rc)
		*wrong = elf_parse(&img->elf, h, table, img->file->inode->size, SPACE_MIN, ARCH_USER_TOP);
	kfree(table);
	return rc;
}

int exec_read_image(struct exec_image *img, const char *path, const char *what, int bad)
{
	uint64_t size = img->file->inode->size;
	const char *wrong = NULL;
	struct elf_header h;
	int rc = 0;
	long n;

	memset(&h, 0, sizeof(h));
	n = file_read_kernel(img->file, &h, sizeof(h), 0);
	if (n < 0)
		return (int)n;
	wrong = elf_check_header(&h, (size_t)n, size, ARCH_ELF_MACHINE);
	if (!wrong)
		rc = parse(img, &h, &wrong);
	if (rc == -EIO)
		wrong = "shrinks while it is read";
	if (!wrong)
		return rc;
	log_info("exec: %s: %s%s", path, what, wrong);
	return -bad;
}

void exec_drop_image(struct exec_image *img)
{
	kfree(img->elf.segments);
	if (img->file)
		file_put(img->file);
	img->elf.segments = NULL;
	img->file = NULL;
}

static int map(struct space *s, uaddr_t start, uaddr_t end, unsigned int prot, struct file *f, uint64_t offset)
{
	unsigned int flags = MAP_PRIVATE | MAP_FIXED | (f ? 0 : MAP_ANONYMOUS);
	long rc = start < end ? space_mmap(s, start, end - start, prot, flags, f, offset) : 0;

	return rc < 0 ? (int)rc : 0;
}

/* The file's part; then zeros, beginning in the middle of its last page. */
static int map_segment(struct space *s, struct file *f, const struct elf_segment *g, uint64_t bias)
{
	uaddr_t start = ALIGN_DOWN(g->vaddr + bias, PAGE_SIZE), end = ALIGN_UP(g->vaddr + bias + g->memsz, PAGE_SIZE);
	uaddr_t data_end = g->vaddr + bias + g->filesz, file_end = g->filesz ? ALIGN_UP(data_end, PAGE_SIZE) : start;
	bool tail = g->filesz && g->memsz > g->filesz && data_end < file_end;
	int rc;

	rc = map(s, start, file_end, g->prot | (tail ? PROT_WRITE : 0), f, ALIGN_DOWN(g->offset, PAGE_SIZE));
	if (!rc)
		rc = map(s, file_end, end, g->prot, NULL, 0);
	if (!rc && tail) {
		size_t n = file_end - data_end;

		if (space_write(s, data_end, arch_phys_to_virt(page_zero()), n) != n)
			rc = -ENOMEM;
		else if (!(g->prot & PROT_WRITE))
			rc = (int)space_mprotect(s, start, file_end - start, g->prot);
	}
	return rc;
}

static int map_image(struct space *s, struct exec_image *img)
{
	int rc = 0;

	for (unsigned int i = 0; i < img->elf.segment_count && !rc; i++)
		rc = map_segment(s, img->file, &img->elf.segments[i], img->bias);
	return rc;
}

/* The bias that puts a position-independent image at or above `base`, which must leave it below `top`. */
static bool place_at(struct exec_image *img, uaddr_t base, uaddr_t top)
{
	const struct elf_image *e = &img->elf;
	uint64_t size = e->high - ALIGN_DOWN(e->low, e->align);

	base = ALIGN_UP(base, e->align);
	if (base > top || size > top - base)
		return false;
	/* A multiple of `align`, modulo 2^64 if the file's addresses lie above `base`. */
	img->bias = base - ALIGN_DOWN(e->low, e->align);
	return true;
}

/* Where mmap would put it: a reservation that is given up again, for nobody else uses this space yet. */
static bool place_by_mmap(struct space *s, struct exec_image *img)
{
	const struct elf_image *e = &img->elf;
	uint64_t size = e->high - ALIGN_DOWN(e->low, e->align) + (e->align - PAGE_SIZE);
	long at = space_mmap(s, 0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);

	if (at < 0 || space_munmap(s, (uaddr_t)at, size))
		return false;
	return place_at(img, (uaddr_t)at, ARCH_USER_TOP);
}

static uint64_t random_below(const struct exec *x, uint64_t window)
{
	return x->random ? ALIGN_DOWN(random_u64() % window, PAGE_SIZE) : 0;
}

int exec_load(struct exec *x)
{
	struct space *s = x->space;
	uaddr_t base, heap;
	int rc;

	s->fixed_layout = !x->random;
	/* 28 bits of pages on a machine with 47 bits of user space, as on Linux. */
	s->mmap_top = ARCH_MMAP_TOP - random_below(x, ARCH_USER_TOP / 128);
	base = ARCH_PIE_BASE + random_below(x, ARCH_USER_TOP / 128);
	if (!x->program.elf.fixed && !place_at(&x->program, base, s->mmap_top)) {
		log_info("exec: %s: its alignment leaves no room for it", x->name);
		return -ENOEXEC;
	}
	rc = map_image(s, &x->program);
	if (rc)
		return rc;
	heap = ALIGN_UP(x->program.bias + x->program.elf.end, PAGE_SIZE) + random_below(x, HEAP_WINDOW);
	s->brk_start = s->brk = heap;
	x->entry = x->program.bias + x->program.elf.entry;
	if (!x->interp.file)
		return 0;
	if (x->interp.elf.fixed) {
		const struct elf_segment *g = x->interp.elf.segments;

		for (unsigned int i = 0; i < x->interp.elf.segment_count; i++)
			if (!space_range_free(s, g[i].vaddr, g[i].vaddr + g[i].memsz))
				return -ENOMEM;
	} else if (!place_by_mmap(s, &x->interp)) {
		return -ENOMEM;
	}
	rc = map_image(s, &x->interp);
	x->entry = x->interp.bias + x->interp.elf.entry;
	return rc;
}
