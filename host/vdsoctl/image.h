/* SPDX-License-Identifier: MIT */
/* Owns: struct image, all that is known of an image; what the files of the audit offer each other.
 * Relies on: libelf's types, jansson's.
 * Who may include: host/vdsoctl. */
#ifndef VDK_HOST_VDSOCTL_IMAGE_H
#define VDK_HOST_VDSOCTL_IMAGE_H

#include <gelf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SONAME "linux-vdso.so.1"
#define MAX_FILE_SIZE 0x10000 /* also bounds the work on a file made to be slow */
#define PAGE 4096
#define MIN_DATA 480 /* sizeof(struct vdk_linux_6_1_data) */
#define MAX_DATA 0x80000 /* how far below the image code with 1 MiB of reach may look for data */
#define MAX_EXPORTS 256
#define MIN_FDE_SIZE 16 /* length, CIE pointer, address, range: 4 bytes each */

struct machine {
	Elf64_Half id;
	const char *name;
	const char *version;
	const char *prefix;
	const char *exports;
	unsigned int return_register; /* its DWARF number */
	Elf64_Half unwind_as;         /* the machine whose unwind rules libdw is to use */
	/* What Go before 1.22 takes for the hash of clock_gettime's name, where it is wrong: DT_HASH must be the only table,
	 * and the bucket of this hash must lead there. Else 0. */
	uint32_t stale_hash;
	Elf64_Word flags, flags_any;  /* e_flags; bits that may be either way */
	uint32_t property, features;  /* the GNU property that the note must hold, and the bits in it; 0: none asked for */
	uint32_t trampoline[2];       /* the instructions that unwinders know rt_sigreturn by; 0: none exported */
	unsigned int signal_register; /* DWARF number of the interrupted pc in its frame */
};

struct fde {
	uint64_t address, begin, end;
	bool signal;
};

struct image {
	const char *file;
	_Alignas(16) unsigned char bytes[MAX_FILE_SIZE + 1];
	size_t size;
	size_t mapped; /* what VIEW() shows: the whole file at first, then what the PT_LOAD maps */
	unsigned int breaches;
	void (*found)(struct image *im, const char *rule, const char *reason); /* is told of each breach */
	json_t *results; /* the breaches */
	bool whole;      /* every rule that applies has been checked */
	Elf *elf;

	const struct machine *machine;
	const char *exports;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
	const Elf64_Dyn *dynamic;
	size_t dynamic_count;
	const Elf64_Sym *symbols;
	size_t symbol_count;
	Elf_Scn *local_symbols;
	Elf_Scn *eh_frame;
	struct fde fdes[MAX_FILE_SIZE / MIN_FDE_SIZE];
	size_t fde_count;

	char build_id[2 * 64 + 1];
	uint64_t data_size, page_version, data_stride;
	uint64_t proper, pvclock, hvclock; /* distances of data pages, from their start up to the image; 0: there is none */
	uint64_t linux_6_1; /* layout linux-6.1: bytes from the data to the image; 0: the native layout */
};

/* `rule`, one of audit.c's list, has been checked: report a breach unless it is `kept`; return `kept`. */
__attribute__((format(printf, 4, 5))) bool require(struct image *im, bool kept, const char *rule, const char *reason,
						   ...);

/* The machine whose e_machine is `id`, or null. */
const struct machine *machine_of(Elf64_Half id);

/* `count` objects of `type` at `offset`; null where they are misaligned or not all there. */
#define VIEW(im, offset, type, count) ((const type *)view(im, offset, count, sizeof(type), _Alignof(type)))
const void *view(const struct image *im, uint64_t offset, uint64_t count, size_t size, size_t align);

/* Does the second range hold the first? No sum overflows. */
bool inside(uint64_t begin, uint64_t size, uint64_t outer_begin, uint64_t outer_size);
/* Is `name` one of `list`, whose names have commas between them? */
bool listed(const char *list, const char *name);

/* The first segment of `type`, or null. */
const Elf64_Phdr *segment(const struct image *im, uint32_t type);
/* Do the bytes lie in one executable section, and in the PT_LOAD? */
bool executable(const struct image *im, uint64_t address, uint64_t size);
/* A string of the string table `section`, never null. */
const char *section_string(const struct image *im, size_t section, size_t offset);
/* The value of `tag`; without such an entry, an address that is in no file. */
uint64_t dynamic_value(const struct image *im, Elf64_Sxword tag);
/* A string of DT_STRTAB; empty where it leaves the table. */
const char *string(const struct image *im, uint64_t offset);
/* The name of dynamic symbol `index`, which is below symbol_count. */
const char *symbol_name(const struct image *im, size_t index);
/* GNU ld exports an absolute symbol named like the version; no consumer asks for it. */
bool is_version_symbol(const struct image *im, size_t index);

/* The symbol of that name in the first table of type `table`, SHT_DYNSYM or SHT_SYMTAB, that has it. */
bool find_symbol(Elf *elf, uint32_t table, const char *name, GElf_Sym *symbol);

/* The rules, in the order of audit.c. The first two return false where the rest cannot be audited. */
bool audit_elf_header(struct image *im);
bool audit_segments(struct image *im);
void audit_sections(struct image *im);
void audit_dynamic(struct image *im);
void audit_versions(struct image *im);
void audit_symbols(struct image *im);
void audit_sysv_hash(struct image *im);
void audit_gnu_hash(struct image *im);
void audit_unwind(struct image *im);
/* The unwind rule of one function, and the rules of rt_sigreturn; after audit_unwind(). */
void audit_covered(struct image *im, const char *name, uint64_t value, uint64_t size);
void audit_trampoline(struct image *im);
void audit_local_symbols(struct image *im);
void audit_notes(struct image *im);

/* All or nothing; false after a message. Only for an image without breaches. */
bool write_header(const struct image *im, const char *path);

#endif
