/* SPDX-License-Identifier: MIT */
/* Owns: what the program loader takes from an ELF file, and the checks that make it trustworthy.
 * Relies on: nothing but its input; every number in it is hostile.
 * Who may include: kernel/proc. */
#ifndef VDK_KERNEL_PROC_ELF_H
#define VDK_KERNEL_PROC_ELF_H

#include "core/types.h"

/* ELF-64, System V gABI. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");

struct elf_program_header {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_program_header) == 56, "Elf64_Phdr");

#define ELF_TABLE_MAX 65536 /* bytes of program headers; Linux's limit */
#define ELF_INTERP_MAX 4096 /* bytes of the interpreter's path with NUL */

struct elf_segment {
	uint64_t vaddr, memsz, offset, filesz; /* filesz <= memsz; vaddr and offset agree within a page if filesz > 0 */
	unsigned int prot; /* PROT_* */
};

struct elf_image {
	bool fixed;         /* ET_EXEC: the addresses are final; else they need one bias, a multiple of `align` */
	uint64_t entry;
	uint64_t low, high; /* page-aligned extent of the segments */
	uint64_t align;     /* largest p_align, at least a page; a power of two */
	uint64_t end;       /* of the last segment: where the heap may begin */
	uint64_t table;     /* address of the program headers, or 0 when no segment holds them */
	unsigned int table_entries;
	uint64_t interp_offset, interp_size; /* in the file, 2 to ELF_INTERP_MAX bytes; size 0: no interpreter */
	bool stack_exec;    /* PT_GNU_STACK asks for it */
	unsigned int segment_count; /* at least 1, ascending, without overlaps */
	struct elf_segment *segments; /* the caller's array, phnum entries */
};

/* Is `h` (the first `n` bytes of a file of `file_size` bytes) the header of a program for `machine`, with a table of
 * program headers that lies in the file? NULL, or what is wrong. */
const char *elf_check_header(const struct elf_header *h, size_t n, uint64_t file_size, uint16_t machine);

/* Fill `img` from a header that passed and its table. `img->segments` is set by the caller. Fixed addresses must lie in
 * [user_low, user_top), others must fit below user_top. NULL, or what is wrong. */
const char *elf_parse(struct elf_image *img, const struct elf_header *h, const struct elf_program_header *table,
		      uint64_t file_size, uint64_t user_low, uint64_t user_top);

#endif
