/* SPDX-License-Identifier: MIT */
/* Reads ELF headers as data from an enemy.
 * Owns: the reasons for which a file is no program. Relies on: nothing.
 * Never: adds two numbers from the file without knowing that the sum fits. */
#include "proc/elf.h"

#include "abi/mman.h"
#include "core/string.h"

#define ET_EXEC 2
#define ET_DYN 3
#define PT_LOAD 1
#define PT_INTERP 3
#define PT_GNU_STACK 0x6474e551u
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

const char *elf_check_header(const struct elf_header *h, size_t n, uint64_t file_size, uint16_t machine)
{
	uint64_t bytes;

	if (n < sizeof(h->ident) || memcmp(h->ident, "\177ELF", 4))
		return "neither an ELF file nor a script";
	if (n < sizeof(*h))
		return "shorter than an ELF header";
	if (h->ident[4] != 2)
		return "not a 64-bit ELF file";
	if (h->ident[5] != 1)
		return "not a little-endian ELF file";
	if (h->ident[6] != 1)
		return "unknown ELF version";
	if (h->machine != machine)
		return "made for another kind of machine";
	if (h->type != ET_EXEC && h->type != ET_DYN)
		return "neither an executable nor a shared object";
	if (h->phentsize != sizeof(struct elf_program_header))
		return "e_phentsize is not 56";
	bytes = (uint64_t)h->phnum * sizeof(struct elf_program_header);
	if (!bytes)
		return "no program headers";
	if (bytes > ELF_TABLE_MAX)
		return "too many program headers";
	if (h->phoff > file_size || bytes > file_size - h->phoff)
		return "the program headers lie outside the file";
	return NULL;
}

static bool in_file(const struct elf_program_header *p, uint64_t file_size)
{
	return p->offset <= file_size && p->filesz <= file_size - p->offset;
}

static const char *check_load(const struct elf_program_header *p, uint64_t file_size, uint64_t user_top)
{
	if (p->filesz > p->memsz)
		return "a segment's p_filesz is greater than its p_memsz";
	if (!in_file(p, file_size))
		return "a segment lies outside the file";
	if (p->vaddr >= user_top || p->memsz > user_top - p->vaddr)
		return "a segment lies beyond user space";
	if (p->align & (p->align - 1))
		return "a segment's p_align is not a power of two";
	if (p->align > user_top)
		return "a segment's p_align is greater than user space";
	if (p->filesz && (p->vaddr ^ p->offset) & ~PAGE_MASK)
		return "a segment's p_vaddr and p_offset differ within a page";
	return NULL;
}

static unsigned int prot_of(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

static const char *add_load(struct elf_image *img, const struct elf_program_header *p, uint64_t phoff)
{
	struct elf_segment *g = &img->segments[img->segment_count];

	if (img->segment_count && p->vaddr < img->end)
		return "segments overlap or are not in ascending order";
	*g = (struct elf_segment){ p->vaddr, p->memsz, p->offset, p->filesz, prot_of(p->flags) };
	if (!img->segment_count++)
		img->low = ALIGN_DOWN(p->vaddr, PAGE_SIZE);
	img->end = p->vaddr + p->memsz;
	img->high = ALIGN_UP(img->end, PAGE_SIZE);
	img->align = MAX(img->align, p->align);
	if (!img->table && phoff >= p->offset && phoff - p->offset < p->filesz)
		img->table = p->vaddr + (phoff - p->offset);
	return NULL;
}

const char *elf_parse(struct elf_image *img, const struct elf_header *h, const struct elf_program_header *table,
		      uint64_t file_size, uint64_t user_low, uint64_t user_top)
{
	struct elf_segment *segments = img->segments;
	const char *wrong = NULL;

	memset(img, 0, sizeof(*img));
	img->segments = segments;
	img->fixed = h->type == ET_EXEC;
	img->entry = h->entry;
	img->align = PAGE_SIZE;
	img->table_entries = h->phnum;
	for (unsigned int i = 0; i < h->phnum && !wrong; i++) {
		const struct elf_program_header *p = &table[i];

		if (p->type == PT_GNU_STACK) {
			img->stack_exec = p->flags & PF_X;
		} else if (p->type == PT_INTERP && !img->interp_size) {
			if (p->filesz < 2 || p->filesz > ELF_INTERP_MAX)
				wrong = "the interpreter's path is empty or too long";
			else if (!in_file(p, file_size))
				wrong = "the interpreter's path lies outside the file";
			img->interp_offset = p->offset;
			img->interp_size = p->filesz;
		} else if (p->type == PT_LOAD) {
			wrong = check_load(p, file_size, user_top);
			if (!wrong && p->memsz)
				wrong = add_load(img, p, h->phoff);
		}
	}
	if (wrong)
		return wrong;
	if (!img->segment_count)
		return "no segment to load";
	if (img->fixed && img->low < user_low)
		return "a segment lies too low";
	if (h->entry < img->low || h->entry >= img->end)
		return "the entry point lies outside the segments";
	return NULL;
}
