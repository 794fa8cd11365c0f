/* SPDX-License-Identifier: MIT */
/* Owns: a reader of vDSO images that shares nothing with the kit: what a libc does to find a function in one.
 * Relies on: <link.h>; an image that its builder has audited, so that offsets in it are trusted.
 * Who may include: tests, host/bench. */
#ifndef VDK_TESTS_VDSO_READER_H
#define VDK_TESTS_VDSO_READER_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What Linux names it; musl, glibc and Go look for exactly these. */
#if defined(__x86_64__)
#define VDSO_VERSION "LINUX_2.6"
#define VDSO_PREFIX "__vdso_"
#elif defined(__riscv)
#define VDSO_VERSION "LINUX_4.15"
#define VDSO_PREFIX "__vdso_"
#elif defined(__aarch64__)
#define VDSO_VERSION "LINUX_2.6.39"
#define VDSO_PREFIX "__kernel_"
#elif defined(__loongarch__)
#define VDSO_VERSION "LINUX_5.10"
#define VDSO_PREFIX "__vdso_"
#else
#error "vdso_reader.h: which names does the vDSO have here?"
#endif

struct vdso {
	const char *bias; /* address that the image's virtual address 0 has */
	const char *strings;
	const ElfW(Sym) *symbols;
	const uint32_t *hash, *gnu_hash; /* NULL: the image has no such table */
	const uint16_t *versym;
	const ElfW(Verdef) *verdef;
};

/* By which table to look; DT_HASH is what older musl and Go read, DT_GNU_HASH what newer glibc reads. */
enum vdso_table { VDSO_HASH, VDSO_GNU_HASH };

/* Read the image whose ELF header is at `ehdr`, as mapped by a kernel or as the bytes of its file. False: it is none.
 */
static inline bool vdso_read(struct vdso *v, const void *ehdr)
{
	const ElfW(Ehdr) *eh = ehdr;
	const ElfW(Phdr) *ph, *dynamic = NULL;
	const char *base = ehdr;

	memset(v, 0, sizeof(*v));
	if (!eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 || eh->e_type != ET_DYN)
		return false;
	ph = (const ElfW(Phdr) *)(base + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !v->bias)
			v->bias = base + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dynamic = &ph[i];
	}
	if (!v->bias || !dynamic)
		return false;
	for (const ElfW(Dyn) *d = (const ElfW(Dyn) *)(base + dynamic->p_offset); d->d_tag != DT_NULL; d++) {
		const void *at = v->bias + d->d_un.d_ptr;

		switch (d->d_tag) {
		case DT_STRTAB: v->strings = at; break;
		case DT_SYMTAB: v->symbols = at; break;
		case DT_HASH: v->hash = at; break;
		case DT_GNU_HASH: v->gnu_hash = at; break;
		case DT_VERSYM: v->versym = at; break;
		case DT_VERDEF: v->verdef = at; break;
		}
	}
	return v->strings && v->symbols && v->versym && v->verdef && (v->hash || v->gnu_hash);
}

/* The hash function of DT_HASH, also of version names. */
static inline uint32_t vdso_elf_hash(const char *name)
{
	uint32_t h = 0;

	for (; *name; name++) {
		h = (h << 4) + (unsigned char)*name;
		h ^= (h >> 24) & 0xf0;
		h &= 0x0fffffff;
	}
	return h;
}

static inline uint32_t vdso_gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static inline bool vdso_symbol_is(const struct vdso *v, uint32_t index, const char *version, const char *name)
{
	const ElfW(Sym) *symbol = &v->symbols[index];
	unsigned int bind = symbol->st_info >> 4, type = symbol->st_info & 15;
	const ElfW(Verdef) *def = v->verdef;

	if (symbol->st_shndx == SHN_UNDEF || type != STT_FUNC || (bind != STB_GLOBAL && bind != STB_WEAK) ||
	    strcmp(v->strings + symbol->st_name, name) != 0)
		return false;
	while (def->vd_ndx != (v->versym[index] & 0x7fff)) {
		if (def->vd_next == 0)
			return false;
		def = (const ElfW(Verdef) *)((const char *)def + def->vd_next);
	}
	if ((def->vd_flags & VER_FLG_BASE) || def->vd_hash != vdso_elf_hash(version))
		return false;
	return strcmp(v->strings + ((const ElfW(Verdaux) *)((const char *)def + def->vd_aux))->vda_name, version) == 0;
}

/* DT_HASH: bucket count, symbol count, buckets, chains. */
static inline uint32_t vdso_hash_index(const struct vdso *v, const char *version, const char *name)
{
	const uint32_t *buckets = v->hash + 2, *chain = buckets + v->hash[0];
	uint32_t i = buckets[vdso_elf_hash(name) % v->hash[0]];

	while (i != STN_UNDEF && !vdso_symbol_is(v, i, version, name))
		i = chain[i];
	return i;
}

/* DT_GNU_HASH: bucket count, first symbol, filter words, filter shift, the filter, buckets, and for each symbol its
 * hash, the lowest bit set at the end of a chain. */
static inline uint32_t vdso_gnu_hash_index(const struct vdso *v, const char *version, const char *name)
{
	uint32_t nbuckets = v->gnu_hash[0], first = v->gnu_hash[1], words = v->gnu_hash[2], shift = v->gnu_hash[3];
	const ElfW(Addr) *filter = (const ElfW(Addr) *)(v->gnu_hash + 4);
	const uint32_t *buckets = (const uint32_t *)(filter + words), *hashes = buckets + nbuckets;
	uint32_t h = vdso_gnu_hash(name), i = buckets[h % nbuckets];
	ElfW(Addr) bits = (ElfW(Addr))1 << h % 64 | (ElfW(Addr))1 << (h >> shift) % 64;

	_Static_assert(sizeof(ElfW(Addr)) == 8, "the filter's words have 64 bits");
	if ((filter[h / 64 % words] & bits) != bits || i == STN_UNDEF)
		return STN_UNDEF;
	for (;; i++) {
		if ((hashes[i - first] | 1) == (h | 1) && vdso_symbol_is(v, i, version, name))
			return i;
		if (hashes[i - first] & 1)
			return STN_UNDEF;
	}
}

/* The address of the function of that name and version, found by `table` alone; NULL: not there. */
static inline void *vdso_find(const struct vdso *v, enum vdso_table table, const char *version, const char *name)
{
	uint32_t i = STN_UNDEF;

	if (table == VDSO_HASH && v->hash)
		i = vdso_hash_index(v, version, name);
	if (table == VDSO_GNU_HASH && v->gnu_hash)
		i = vdso_gnu_hash_index(v, version, name);
	return i == STN_UNDEF ? NULL : (void *)(v->bias + v->symbols[i].st_value);
}

/* The function of that name in an image of this architecture, by whichever table it has. */
static inline void *vdso_function(const struct vdso *v, const char *prefixed_name)
{
	return vdso_find(v, v->gnu_hash ? VDSO_GNU_HASH : VDSO_HASH, VDSO_VERSION, prefixed_name);
}

#endif
