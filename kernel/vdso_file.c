/* SPDX-License-Identifier: MIT */
/* A vDSO that somebody gives: is it one, for this machine and this data page?
 *
 * Owns: nothing. Relies on: section headers, which stock images and vdk's own have: what a vDSO's user needs not, its owner does.
 * Never: reads outside the file. */
#include "vdso_file.h"

#include <vdk/image.h>
#include <vdk/linux_6_1.h>

#include "arch/arch.h"
#include "core/string.h"
#include "vdso-image.h"

/* ELF-64, System V gABI. */
struct header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
struct section {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t align, entsize;
};
struct symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

#define ET_DYN 3
#define PT_LOAD 1
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u
#define SHT_SYMTAB 2
#define SHT_NOBITS 8
#define SHT_DYNSYM 11

static bool read(const struct vdso_file *f, uint64_t at, void *buf, size_t n)
{
	if (at > f->size || n > f->size - at)
		return false;
	memcpy(buf, f->bytes + at, n);
	return true;
}

static const char *check_header(const struct vdso_file *f, struct header *h)
{
	if (!read(f, 0, h, sizeof(*h)) || memcmp(h->ident, "\177ELF\2\1\1", 7))
		return "is no ELF file of 64 bits, little-endian";
	if (h->type != ET_DYN)
		return "is no shared object";
	if (h->machine != ARCH_ELF_MACHINE)
		return "is for another machine";
	if (h->phentsize != sizeof(struct segment) || h->shentsize != sizeof(struct section) || !h->shnum)
		return "has no program or section headers";
	return NULL;
}

static const char *check_segments(const struct vdso_file *f, const struct header *h, uint64_t *loaded)
{
	unsigned int loads = 0;

	for (unsigned int i = 0; i < h->phnum; i++) {
		struct segment s;

		if (!read(f, h->phoff + i * sizeof(s), &s, sizeof(s)))
			return "has program headers outside the file";
		if (s.type != PT_LOAD)
			continue;
		if (loads++)
			return "has more than one PT_LOAD";
		if (s.offset || s.vaddr || s.filesz != s.memsz || s.filesz > f->size)
			return "has a PT_LOAD that is not the file from its first byte on";
		if ((s.flags & (PF_R | PF_W | PF_X)) != (PF_R | PF_X))
			return "has a PT_LOAD that is not read and execute";
		*loaded = s.filesz;
	}
	return loads ? NULL : "has no PT_LOAD";
}

static bool find_section(const struct vdso_file *f, const struct header *h, uint32_t type, const char *name, struct section *s)
{
	struct section names;

	if (!read(f, h->shoff + h->shstrndx * sizeof(names), &names, sizeof(names)))
		return false;
	for (unsigned int i = 0; i < h->shnum; i++) {
		uint64_t at;

		if (!read(f, h->shoff + i * sizeof(*s), s, sizeof(*s)) || s->type == SHT_NOBITS || s->offset > f->size ||
		    s->size > f->size - s->offset)
			continue;
		at = names.offset + s->name;
		if (type ? s->type == type :
			   at < f->size && strlen(name) < f->size - at && !memcmp(f->bytes + at, name, strlen(name) + 1))
			return true;
	}
	return false;
}

/* The value of a symbol whose name ends in `name`, in the table of section type `table`. */
static bool find_symbol(const struct vdso_file *f, const struct header *h, uint32_t table, const char *name, uint64_t *value)
{
	struct section s, strings;

	if (!find_section(f, h, table, NULL, &s) || !read(f, h->shoff + s.link * sizeof(strings), &strings, sizeof(strings)))
		return false;
	for (uint64_t i = 1; i < s.size / sizeof(struct symbol); i++) {
		struct symbol symbol;
		uint64_t at;
		size_t length;

		if (!read(f, s.offset + i * sizeof(symbol), &symbol, sizeof(symbol)) || !symbol.section)
			continue;
		at = strings.offset + symbol.name;
		if (at >= f->size)
			continue;
		length = strnlen((const char *)f->bytes + at, f->size - at);
		if (length == f->size - at || length < strlen(name) ||
		    memcmp(f->bytes + at + length - strlen(name), name, strlen(name)))
			continue;
		*value = symbol.value;
		return true;
	}
	return false;
}

/* vdk's images say which page they read; a stock one says nothing, and is one for Linux's. */
static const char *check_layout(const struct vdso_file *f, const struct header *h)
{
	uint64_t version = 0, below = 0;
	bool native = find_symbol(f, h, SHT_SYMTAB, "vdk_image_page_version", &version);

	if (f->linux_6_1) {
		if (native)
			return "reads vdk's native page, not layout linux-6.1";
		if (find_symbol(f, h, SHT_SYMTAB, "vdk_image_linux_6_1", &below) && below != ARCH_LINUX_6_1_BELOW)
			return "looks for its data elsewhere";
		return NULL;
	}
	if (!native)
		return "does not say that it reads vdk's native page (vdk_image_page_version)";
	return version == VDK_PAGE_VERSION ? NULL : "reads another version of vdk's native page";
}

static const char *fit(struct vdso_file *f, const struct header *h, uint64_t loaded)
{
#ifdef ARCH_VDSO_SIGRETURN
	if (!find_symbol(f, h, SHT_DYNSYM, "_rt_sigreturn", &f->sigreturn) || f->sigreturn >= loaded)
		return "has no rt_sigreturn";
#endif
#ifdef ARCH_VDSO_PATCH
	struct section alternatives;

	if (find_section(f, h, 0, ".altinstructions", &alternatives))
		return arch_vdso_patch(f->bytes, loaded, alternatives.offset, alternatives.size);
#endif
	(void)f;
	(void)h;
	(void)loaded;
	return NULL;
}

const char *vdso_file_check(struct vdso_file *f)
{
	struct header h;
	uint64_t loaded = 0;
	const char *wrong = check_header(f, &h);

	if (!wrong)
		wrong = check_segments(f, &h, &loaded);
	if (!wrong)
		wrong = check_layout(f, &h);
	return wrong ? wrong : fit(f, &h, loaded);
}
