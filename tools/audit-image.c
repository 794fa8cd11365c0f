/* SPDX-License-Identifier: MIT */
/* Audits a linked vDSO image, and describes a good one in a C header.
 * Owns: the rules that an image must keep so that a kernel can map it as it is and every libc finds its functions.
 * Relies on: libelf for sections, symbols and notes, libdw for the rules of unwinding. What consumers walk in memory
 * (segments, dynamic section, versions, hash tables, .eh_frame_hdr) is walked here by hand, through VIEW().
 * Never: trusts a number that it read from the file. */
#include <ctype.h>
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SONAME "linux-vdso.so.1"
#define MAX_FILE_SIZE 0x10000 /* also bounds the work on a file made to be slow */
#define MAX_EXPORTS 256
#define MIN_FDE_SIZE 16 /* length, CIE pointer, address, range: 4 bytes each */
#define MIN_BUILD_ID 8
#define DATA_UNIT 4096

/* Version index 1 is the base definition, named like the file; 2 is the version of all symbols. */
#define BASE_INDEX 1
#define VERSION_INDEX 2

/* Pointer encodings of .eh_frame and its sorted table. libgcc searches tables of these encodings only. */
#define EH_POINTER (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
#define EH_COUNT DW_EH_PE_udata4
#define EH_TABLE (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct machine {
	Elf64_Half id;
	const char *version;
	const char *prefix;
	const char *exports;
	unsigned int return_register; /* its DWARF number */
	Elf64_Half unwind_as;         /* the machine whose unwind rules libdw is to use */
};

static const struct machine machines[] = {
	{ EM_X86_64, "LINUX_2.6", "__vdso_",
	  "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_time,__vdso_getcpu,"
	  "clock_gettime,gettimeofday,clock_getres,time,getcpu",
	  16, EM_X86_64 },
	{ EM_RISCV, "LINUX_4.15", "__vdso_",
	  "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_getcpu,__vdso_rt_sigreturn,"
	  "__vdso_flush_icache,__vdso_riscv_hwprobe",
	  1, EM_RISCV },
	{ EM_AARCH64, "LINUX_2.6.39", "__kernel_",
	  "__kernel_clock_gettime,__kernel_gettimeofday,__kernel_clock_getres,__kernel_rt_sigreturn", 30, EM_AARCH64 },
	/* elfutils 0.188 knows no LoongArch, whose DWARF numbers are as RISC-V's: 32 + 32, return address in 1. */
	{ EM_LOONGARCH, "LINUX_5.10", "__vdso_",
	  "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_getcpu,__vdso_rt_sigreturn", 1,
	  EM_RISCV },
};

struct gnu_hash {
	uint32_t buckets, first, words, shift;
};

struct fde {
	uint64_t address, begin, end;
};

/* A row of .eh_frame_hdr, relative to it. */
struct fde_row {
	int32_t begin, fde;
};

struct image {
	const char *file;
	_Alignas(16) unsigned char bytes[MAX_FILE_SIZE + 1];
	size_t size;
	size_t mapped; /* what VIEW() shows: the whole file at first, then what the PT_LOAD maps */
	unsigned int breaches;
	Elf *elf;

	const struct machine *machine;
	const char *exports;
	Elf64_Ehdr header;
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
	uint64_t data_size;
};

/* Report a breach of `rule` unless it is `kept`; return `kept`. */
__attribute__((format(printf, 4, 5))) static bool require(struct image *im, bool kept, const char *rule,
							  const char *reason, ...)
{
	va_list args;

	if (kept)
		return true;
	fprintf(stderr, "audit-image: %s: %s: ", im->file, rule);
	va_start(args, reason);
	vfprintf(stderr, reason, args);
	va_end(args);
	fputc('\n', stderr);
	im->breaches++;
	return false;
}

static const void *view(const struct image *im, uint64_t offset, uint64_t count, size_t size, size_t align)
{
	if (offset % align != 0 || offset > im->mapped || count > (im->mapped - offset) / size)
		return NULL;
	return im->bytes + offset;
}

/* `count` objects of `type` at `offset`; null where they are misaligned or not all there. */
#define VIEW(im, offset, type, count) ((const type *)view(im, offset, count, sizeof(type), _Alignof(type)))

static bool inside(uint64_t begin, uint64_t size, uint64_t outer_begin, uint64_t outer_size)
{
	return begin >= outer_begin && size <= outer_size && begin - outer_begin <= outer_size - size;
}

static bool listed(const char *list, const char *name)
{
	const size_t length = strlen(name);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == length && strncmp(list, name, length) == 0)
			return true;
	return false;
}

static uint32_t sysv_hash(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	return hash;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* --- the file and its segments --- */

static bool read_image(struct image *im)
{
	FILE *file = fopen(im->file, "rb");

	if (file)
		im->size = fread(im->bytes, 1, sizeof(im->bytes), file);
	if (!file || ferror(file)) {
		fprintf(stderr, "audit-image: %s: %s\n", im->file, strerror(errno));
		im->breaches++;
	}
	if (file)
		fclose(file);
	require(im, im->size <= MAX_FILE_SIZE, "file-size", "at most %d bytes (found more)", MAX_FILE_SIZE);
	im->mapped = im->size;
	return im->breaches == 0;
}

static bool audit_header(struct image *im)
{
	const Elf64_Ehdr *h = VIEW(im, 0, Elf64_Ehdr, 1);

	if (!require(im, h && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0, "elf",
		     "must begin with an ELF header (found %zu bytes of another kind)", im->size) ||
	    !require(im, h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB, "elf",
		     "must be 64-bit little-endian (found class %d, data %d)", h->e_ident[EI_CLASS],
		     h->e_ident[EI_DATA]))
		return false;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].id == h->e_machine)
			im->machine = &machines[i];
	require(im, h->e_type == ET_DYN, "elf", "must be a shared object, ET_DYN (found type %d)", h->e_type);
	if (!require(im, im->machine, "elf", "must be for a machine that we know (found %d)", h->e_machine))
		return false;
	if (!im->exports)
		im->exports = im->machine->exports;
	im->header = *h;
	im->elf = elf_memory((char *)im->bytes, im->size);
	return true;
}

static const Elf64_Phdr *segment(const struct image *im, uint32_t type)
{
	for (unsigned int i = 0; i < im->header.e_phnum; i++)
		if (im->segments[i].p_type == type)
			return &im->segments[i];
	return NULL;
}

static void audit_load(struct image *im, const Elf64_Phdr *load)
{
	const Elf64_Ehdr *h = &im->header;

	require(im, load->p_flags == (PF_R | PF_X), "load", "the PT_LOAD must be R-X (found %c%c%c)",
		load->p_flags & PF_R ? 'R' : '-', load->p_flags & PF_W ? 'W' : '-', load->p_flags & PF_X ? 'X' : '-');
	require(im, load->p_offset == 0 && load->p_vaddr == 0, "load",
		"the PT_LOAD must begin at offset 0, address 0 (found 0x%lx, 0x%lx)", load->p_offset, load->p_vaddr);
	require(im, load->p_filesz == load->p_memsz, "load", "the PT_LOAD must not grow in memory (found 0x%lx, 0x%lx)",
		load->p_filesz, load->p_memsz);
	require(im, load->p_filesz <= im->size, "load", "the PT_LOAD must be all there (found 0x%lx of 0x%zx bytes)",
		load->p_filesz, im->size);
	require(im, inside(h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr), 0, load->p_filesz), "load",
		"the PT_LOAD must cover the program headers (found them at 0x%lx)", h->e_phoff);
}

static bool audit_segments(struct image *im)
{
	static const struct {
		uint32_t type;
		bool wanted;
		const char *name;
	} rules[] = {
		{ PT_DYNAMIC, true, "PT_DYNAMIC" },
		{ PT_NOTE, true, "PT_NOTE" },
		{ PT_GNU_EH_FRAME, true, "PT_GNU_EH_FRAME" },
		{ PT_INTERP, false, "PT_INTERP" },
		{ PT_TLS, false, "PT_TLS" },
	};
	const Elf64_Ehdr *h = &im->header;
	const Elf64_Phdr *load, *stack;
	unsigned int loads = 0;

	im->segments = VIEW(im, h->e_phoff, Elf64_Phdr, h->e_phnum);
	if (!require(im, im->segments && h->e_phentsize == sizeof(Elf64_Phdr), "segment",
		     "the program headers must lie in the file (found %d of %d bytes at 0x%lx)", h->e_phnum,
		     h->e_phentsize, h->e_phoff))
		return false;
	for (unsigned int i = 0; i < h->e_phnum; i++)
		loads += im->segments[i].p_type == PT_LOAD;
	require(im, loads == 1, "load", "there must be exactly one PT_LOAD (found %u)", loads);
	load = segment(im, PT_LOAD);
	if (!load)
		return false;
	audit_load(im, load);

	for (unsigned int i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *s = &im->segments[i];

		require(im,
			inside(s->p_offset, s->p_filesz, 0, load->p_filesz) && s->p_vaddr == s->p_offset &&
				s->p_memsz == s->p_filesz,
			"segment",
			"segment %u must lie in the PT_LOAD as in the file (found 0x%lx+0x%lx at 0x%lx+0x%lx)", i,
			s->p_offset, s->p_filesz, s->p_vaddr, s->p_memsz);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const Elf64_Phdr *s = segment(im, rules[i].type);

		require(im, rules[i].wanted ? s && s->p_filesz > 0 : !s, "segment", "%s must %sbe there (found %s)",
			rules[i].name, rules[i].wanted ? "" : "not ",
			s ? s->p_filesz > 0 ? "one" : "an empty one" : "none");
	}
	stack = segment(im, PT_GNU_STACK);
	require(im, !stack || !(stack->p_flags & PF_X), "stack",
		"PT_GNU_STACK must not be executable (found flags 0x%x)", stack ? stack->p_flags : 0);
	im->mapped = load->p_filesz < im->size ? load->p_filesz : im->size;
	return true;
}

/* --- sections --- */

static bool executable(const struct image *im, uint64_t address, uint64_t size)
{
	const Elf64_Xword text = SHF_ALLOC | SHF_EXECINSTR;
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	while ((scn = elf_nextscn(im->elf, scn)) && gelf_getshdr(scn, &s))
		if ((s.sh_flags & text) == text && inside(address, size, s.sh_addr, s.sh_size))
			return inside(address, size, 0, im->mapped);
	return false;
}

static void audit_section(struct image *im, const char *name, const GElf_Shdr *s)
{
	if (s->sh_size == 0)
		return;
	require(im, !listed(".got,.got.plt,.plt,.data,.bss", name) && s->sh_type != SHT_NOBITS, "section",
		"%s must be absent or empty (found 0x%lx bytes)", name, s->sh_size);
	require(im, s->sh_type != SHT_REL && s->sh_type != SHT_RELA && s->sh_type != SHT_RELR, "relocation",
		"%s must be absent or empty (found 0x%lx bytes)", name, s->sh_size);
	if (!(s->sh_flags & SHF_ALLOC))
		return;
	require(im, !(s->sh_flags & SHF_WRITE) || s->sh_type == SHT_DYNAMIC, "section",
		"%s must not be writable (found flags 0x%lx)", name, s->sh_flags);
	require(im, s->sh_addr == s->sh_offset && inside(s->sh_offset, s->sh_size, 0, im->mapped), "section",
		"%s must lie in the PT_LOAD as in the file (found 0x%lx+0x%lx at 0x%lx)", name, s->sh_offset,
		s->sh_size, s->sh_addr);
}

static void audit_sections(struct image *im)
{
	Elf_Scn *scn = NULL;
	size_t names = 0;
	GElf_Shdr s;

	require(im, elf_getshdrstrndx(im->elf, &names) == 0 && names != SHN_UNDEF && elf_nextscn(im->elf, NULL),
		"section", "the section headers must lie in the file (found them at 0x%lx)", im->header.e_shoff);
	while ((scn = elf_nextscn(im->elf, scn)) && gelf_getshdr(scn, &s)) {
		const char *name = elf_strptr(im->elf, names, s.sh_name);

		name = name ? name : "(unnamed)";
		audit_section(im, name, &s);
		if (s.sh_type == SHT_SYMTAB)
			im->local_symbols = scn;
		if (strcmp(name, ".eh_frame") == 0)
			im->eh_frame = scn;
		if (s.sh_type == SHT_DYNSYM) {
			im->symbol_count = s.sh_size / sizeof(Elf64_Sym);
			im->symbols = VIEW(im, s.sh_addr, Elf64_Sym, im->symbol_count);
		}
	}
	if (!require(im, im->symbols && im->symbol_count <= MAX_EXPORTS, "section",
		     "the dynamic symbol table must be in the image, %d entries at most (found %zu)", MAX_EXPORTS,
		     im->symbol_count))
		im->symbol_count = 0;
}

/* --- the dynamic section --- */

static const Elf64_Dyn *dynamic(const struct image *im, Elf64_Sxword tag)
{
	for (size_t i = 0; i < im->dynamic_count; i++)
		if (im->dynamic[i].d_tag == tag)
			return &im->dynamic[i];
	return NULL;
}

/* The value of `tag`; without such an entry, an address that is in no file. */
static uint64_t dynamic_value(const struct image *im, Elf64_Sxword tag)
{
	const Elf64_Dyn *entry = dynamic(im, tag);

	return entry ? entry->d_un.d_val : UINT64_MAX;
}

/* A string of DT_STRTAB; empty where it leaves the table. */
static const char *string(const struct image *im, uint64_t offset)
{
	const uint64_t size = dynamic_value(im, DT_STRSZ);
	const char *strings = VIEW(im, dynamic_value(im, DT_STRTAB), char, size);

	if (!strings || offset >= size || !memchr(strings + offset, '\0', size - offset))
		return "";
	return strings + offset;
}

static void audit_dynamic(struct image *im)
{
	static const struct {
		Elf64_Sxword tag;
		bool wanted;
		const char *name;
	} rules[] = {
		{ DT_SONAME, true, "DT_SONAME" },       { DT_STRTAB, true, "DT_STRTAB" },
		{ DT_STRSZ, true, "DT_STRSZ" },         { DT_SYMTAB, true, "DT_SYMTAB" },
		{ DT_HASH, true, "DT_HASH" },           { DT_GNU_HASH, true, "DT_GNU_HASH" },
		{ DT_VERSYM, true, "DT_VERSYM" },       { DT_VERDEF, true, "DT_VERDEF" },
		{ DT_VERDEFNUM, true, "DT_VERDEFNUM" }, { DT_REL, false, "DT_REL" },
		{ DT_RELA, false, "DT_RELA" },          { DT_RELR, false, "DT_RELR" },
		{ DT_JMPREL, false, "DT_JMPREL" },      { DT_TEXTREL, false, "DT_TEXTREL" },
		{ DT_NEEDED, false, "DT_NEEDED" },      { DT_PREINIT_ARRAY, false, "DT_PREINIT_ARRAY" },
		{ DT_INIT, false, "DT_INIT" },          { DT_INIT_ARRAY, false, "DT_INIT_ARRAY" },
		{ DT_FINI, false, "DT_FINI" },          { DT_FINI_ARRAY, false, "DT_FINI_ARRAY" },
	};
	const Elf64_Phdr *s = segment(im, PT_DYNAMIC);
	const size_t entries = s ? s->p_filesz / sizeof(Elf64_Dyn) : 0;
	const Elf64_Dyn *flags;
	const char *soname;

	im->dynamic = s ? VIEW(im, s->p_offset, Elf64_Dyn, entries) : NULL;
	while (im->dynamic && im->dynamic_count < entries && im->dynamic[im->dynamic_count].d_tag != DT_NULL)
		im->dynamic_count++;
	require(im, im->dynamic_count < entries, "dynamic", "the section must end with DT_NULL (found %zu entries)",
		entries);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		require(im, !dynamic(im, rules[i].tag) == !rules[i].wanted, "dynamic", "%s must %sbe there (found %s)",
			rules[i].name, rules[i].wanted ? "" : "not ", rules[i].wanted ? "none" : "one");
	flags = dynamic(im, DT_FLAGS);
	require(im, !flags || !(flags->d_un.d_val & DF_TEXTREL), "dynamic",
		"DF_TEXTREL must not be there (found 0x%lx)", dynamic_value(im, DT_FLAGS));
	soname = string(im, dynamic_value(im, DT_SONAME));
	require(im, strcmp(soname, SONAME) == 0, "soname", "must be %s (found %s)", SONAME, soname);
	require(im, im->symbol_count == 0 || VIEW(im, dynamic_value(im, DT_SYMTAB), Elf64_Sym, 1) == im->symbols,
		"dynamic", "DT_SYMTAB must be the section of dynamic symbols (found 0x%lx)",
		dynamic_value(im, DT_SYMTAB));
}

/* --- versions and symbols --- */

static void audit_versions(struct image *im)
{
	uint64_t offset = dynamic_value(im, DT_VERDEF);

	require(im, dynamic_value(im, DT_VERDEFNUM) == VERSION_INDEX, "version", "DT_VERDEFNUM must be %d (found %ld)",
		VERSION_INDEX, (long)dynamic_value(im, DT_VERDEFNUM));
	for (unsigned int index = BASE_INDEX; index <= VERSION_INDEX; index++) {
		const char *name = index == BASE_INDEX ? SONAME : im->machine->version;
		const unsigned int flags = index == BASE_INDEX ? VER_FLG_BASE : 0;
		const Elf64_Verdef *def = VIEW(im, offset, Elf64_Verdef, 1);
		const Elf64_Verdaux *aux = def ? VIEW(im, offset + def->vd_aux, Elf64_Verdaux, 1) : NULL;

		if (!require(im, aux, "version", "definition %u must be in the image (found 0x%lx)", index, offset))
			return;
		require(im, strcmp(string(im, aux->vda_name), name) == 0, "version",
			"definition %u must be %s (found %s)", index, name, string(im, aux->vda_name));
		require(im, def->vd_hash == sysv_hash(name), "version", "vd_hash of %s must be 0x%x (found 0x%x)", name,
			sysv_hash(name), def->vd_hash);
		require(im, def->vd_version == VER_DEF_CURRENT && def->vd_ndx == index && def->vd_cnt == 1, "version",
			"definition %u must have revision 1, its index, one name (found %d, %d, %d)", index,
			def->vd_version, def->vd_ndx, def->vd_cnt);
		require(im, def->vd_flags == flags, "version", "definition %u must have flags %u (found %u)", index,
			flags, def->vd_flags);
		require(im, (def->vd_next == 0) == (index == VERSION_INDEX), "version",
			"the second definition must be the last (found next 0x%x at %u)", def->vd_next, index);
		offset += def->vd_next;
	}
}

static const char *symbol_name(const struct image *im, size_t index)
{
	return string(im, im->symbols[index].st_name);
}

/* GNU ld exports an absolute symbol named like the version; no consumer asks for it. */
static bool is_version_symbol(const struct image *im, size_t index)
{
	return im->symbols[index].st_shndx == SHN_ABS && strcmp(symbol_name(im, index), im->machine->version) == 0;
}

/* What follows the machine's prefix in `name`; null for a plain name. */
static const char *unprefixed(const struct image *im, const char *name)
{
	const size_t length = strlen(im->machine->prefix);

	return strncmp(name, im->machine->prefix, length) == 0 ? name + length : NULL;
}

static bool is_alias(const struct image *im, const char *name, const Elf64_Sym *symbol)
{
	for (size_t i = 1; i < im->symbol_count; i++) {
		const char *other = unprefixed(im, symbol_name(im, i));

		if (other && strcmp(other, name) == 0)
			return im->symbols[i].st_value == symbol->st_value && im->symbols[i].st_size == symbol->st_size;
	}
	return false;
}

static void audit_symbol(struct image *im, const char *name, const Elf64_Sym *symbol, Elf64_Versym version)
{
	const char *rest = unprefixed(im, name);
	/* Linux leaves the signal trampoline's type open; unwinders know it by its address and instructions. */
	const bool untyped = rest && strcmp(rest, "rt_sigreturn") == 0;
	const unsigned int type = ELF64_ST_TYPE(symbol->st_info);
	const unsigned int bind = ELF64_ST_BIND(symbol->st_info);

	require(im, listed(im->exports, name), "export", "%s must not be exported (found at 0x%lx)", name,
		symbol->st_value);
	require(im, symbol->st_shndx != SHN_UNDEF, "undefined", "%s must be defined in the image (found undefined)",
		name);
	require(im, type == STT_FUNC || (untyped && type == STT_NOTYPE), "symbol",
		"%s must be a function (found type %u)", name, type);
	require(im, bind == (rest ? STB_GLOBAL : STB_WEAK), "symbol", "%s must be %s (found binding %u)", name,
		rest ? "global" : "weak", bind);
	require(im, ELF64_ST_VISIBILITY(symbol->st_other) == STV_DEFAULT, "symbol",
		"%s must be visible (found visibility %d)", name, ELF64_ST_VISIBILITY(symbol->st_other));
	require(im, symbol->st_size > 0, "symbol", "%s must have a size (found 0)", name);
	require(im, executable(im, symbol->st_value, symbol->st_size), "symbol",
		"%s must lie in an executable section (found 0x%lx+0x%lx)", name, symbol->st_value, symbol->st_size);
	require(im, version == VERSION_INDEX, "version", "%s must have version %s (found index 0x%x)", name,
		im->machine->version, version);
	require(im, rest || is_alias(im, name, symbol), "alias", "%s must be %s%s (found 0x%lx+0x%lx)", name,
		im->machine->prefix, name, symbol->st_value, symbol->st_size);
}

static void audit_symbols(struct image *im)
{
	const Elf64_Versym *versions = VIEW(im, dynamic_value(im, DT_VERSYM), Elf64_Versym, im->symbol_count);
	char name[64];

	require(im, versions, "version", "DT_VERSYM must be in the image (found 0x%lx)", dynamic_value(im, DT_VERSYM));
	for (size_t i = 1; i < im->symbol_count; i++)
		if (!is_version_symbol(im, i))
			audit_symbol(im, symbol_name(im, i), &im->symbols[i], versions ? versions[i] : 0);

	for (const char *list = im->exports; sscanf(list, "%63[^,]", name) == 1; list += strspn(list, ",")) {
		unsigned int found = 0;

		for (size_t i = 1; i < im->symbol_count; i++)
			found += strcmp(symbol_name(im, i), name) == 0;
		require(im, found == 1, "export", "%s must be exported once (found %u)", name, found);
		list += strlen(name);
	}
}

/* --- hash tables --- */

static void audit_reached(struct image *im, const char *table, const bool *reached)
{
	for (size_t i = 1; i < im->symbol_count; i++)
		require(im, reached[i], "hash", "%s must find %s (found it in no chain of its hash)", table,
			symbol_name(im, i));
}

static void audit_sysv_hash(struct image *im)
{
	const uint64_t offset = dynamic_value(im, DT_HASH);
	const uint32_t *table = VIEW(im, offset, uint32_t, 2);
	bool reached[MAX_EXPORTS] = { false };
	const uint32_t *buckets, *chains;
	size_t steps = 0;

	if (table)
		table = VIEW(im, offset, uint32_t, 2 + (uint64_t)table[0] + table[1]);
	if (!require(im, table && table[0] > 0, "hash", "DT_HASH must be in the image (found 0x%lx)", offset) ||
	    !require(im, table[1] == im->symbol_count, "hash", "DT_HASH must count %zu symbols (found %u)",
		     im->symbol_count, table[1]))
		return;
	buckets = table + 2;
	chains = buckets + table[0];
	for (uint32_t b = 0; b < table[0]; b++) {
		for (uint32_t i = buckets[b]; i != 0; i = chains[i]) {
			if (!require(im, i < im->symbol_count && steps++ < im->symbol_count, "hash",
				     "chains of DT_HASH must stay in the table and end (found %u from bucket %u)", i,
				     b))
				return;
			reached[i] |= sysv_hash(symbol_name(im, i)) % table[0] == b;
		}
	}
	audit_reached(im, "DT_HASH", reached);
}

static void audit_gnu_hash(struct image *im)
{
	const uint64_t offset = dynamic_value(im, DT_GNU_HASH);
	const struct gnu_hash *head = view(im, offset, 1, sizeof(*head), _Alignof(uint64_t));
	const uint32_t *buckets = NULL, *hashes;
	const uint64_t *bloom = NULL;
	bool reached[MAX_EXPORTS] = { false };
	size_t steps = 0;

	if (head)
		bloom = VIEW(im, offset + sizeof(*head), uint64_t, head->words);
	if (bloom && head->first <= im->symbol_count)
		buckets = VIEW(im, offset + sizeof(*head) + head->words * sizeof(*bloom), uint32_t,
			       head->buckets + im->symbol_count - head->first);
	if (!require(im, buckets && head->buckets > 0, "hash", "DT_GNU_HASH must be in the image (found 0x%lx)",
		     offset) ||
	    !require(im, head->words > 0 && (head->words & (head->words - 1)) == 0 && head->shift < 32, "hash",
		     "the filter of DT_GNU_HASH must have 2^n words, shift < 32 (found %u, %u)", head->words,
		     head->shift))
		return;
	hashes = buckets + head->buckets;
	for (uint32_t b = 0; b < head->buckets; b++) {
		for (uint32_t i = buckets[b]; i != 0; i++) {
			uint32_t hash;
			uint64_t bits;

			if (!require(im, i >= head->first && i < im->symbol_count && steps++ < im->symbol_count, "hash",
				     "chains of DT_GNU_HASH must stay in the table and end (found %u from bucket %u)",
				     i, b))
				return;
			hash = gnu_hash(symbol_name(im, i));
			bits = 1ul << hash % 64 | 1ul << (hash >> head->shift) % 64;
			reached[i] = hash % head->buckets == b && (hash | 1) == (hashes[i - head->first] | 1) &&
				     (bloom[hash / 64 % head->words] & bits) == bits;
			if (hashes[i - head->first] & 1)
				break;
		}
	}
	audit_reached(im, "DT_GNU_HASH", reached);
}

/* --- unwinding --- */

static void audit_cie(struct image *im, Elf_Data *data, Dwarf_Off offset, uint64_t fde)
{
	Dwarf_CFI_Entry entry;
	Dwarf_CIE *cie = &entry.cie;
	Dwarf_Off next;
	bool found =
		dwarf_next_cfi(im->header.e_ident, data, true, offset, &next, &entry) == 0 && dwarf_cfi_cie_p(&entry);

	if (!require(im, found, "unwind", "the FDE at 0x%lx must have a CIE (found none at +0x%lx)", fde, offset) ||
	    !require(im,
		     cie->augmentation[0] == 'z' && cie->augmentation[1] == 'R' &&
			     strspn(cie->augmentation + 2, "SB") == strlen(cie->augmentation + 2),
		     "unwind", "the CIE of 0x%lx must have augmentation zR, with S or B (found %s)", fde,
		     cie->augmentation))
		return;
	require(im, cie->augmentation_data_size == 1 && cie->augmentation_data[0] == EH_POINTER, "unwind",
		"the CIE of 0x%lx must encode pointers as 0x%x, pcrel sdata4 (found another way)", fde, EH_POINTER);
	require(im, cie->code_alignment_factor > 0 && cie->data_alignment_factor < 0, "unwind",
		"the CIE of 0x%lx must have a code factor > 0 and a data factor < 0 (found %lu, %ld)", fde,
		cie->code_alignment_factor, cie->data_alignment_factor);
	require(im, cie->return_address_register == im->machine->return_register || strchr(cie->augmentation, 'S'),
		"unwind", "the CIE of 0x%lx must have the return address in register %u (found %lu)", fde,
		im->machine->return_register, cie->return_address_register);
}

/* The relative pointer at `bytes`, which counts from `origin`. */
static uint64_t relative(const void *bytes, uint64_t origin)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return origin + (uint64_t)(int64_t)distance;
}

static void collect_fdes(struct image *im, Elf_Data *data, uint64_t section)
{
	Dwarf_Off offset, next = 0;
	Dwarf_CFI_Entry entry;
	int end;

	for (offset = 0; (end = dwarf_next_cfi(im->header.e_ident, data, true, offset, &next, &entry)) == 0;
	     offset = next) {
		struct fde *fde = &im->fdes[im->fde_count];
		uint32_t range;

		if (dwarf_cfi_cie_p(&entry))
			continue;
		if (next - offset < MIN_FDE_SIZE || entry.fde.end - entry.fde.start < 8)
			break;
		memcpy(&range, entry.fde.start + 4, sizeof(range));
		fde->address = section + offset;
		fde->begin =
			relative(entry.fde.start, section + (uint64_t)(entry.fde.start - (const uint8_t *)data->d_buf));
		fde->end = fde->begin + range;
		require(im, range > 0 && executable(im, fde->begin, range), "unwind",
			"the FDE at 0x%lx must describe executable bytes (found 0x%lx+0x%x)", fde->address, fde->begin,
			range);
		audit_cie(im, data, entry.fde.CIE_pointer, fde->address);
		im->fde_count++;
	}
	require(im, end == 1, "unwind", ".eh_frame must be a list of CIEs and FDEs (found other bytes at +0x%lx)",
		offset);
}

static const struct fde *fde_at(const struct image *im, uint64_t address)
{
	for (size_t i = 0; i < im->fde_count; i++)
		if (im->fdes[i].address == address)
			return &im->fdes[i];
	return NULL;
}

static void audit_eh_frame_hdr(struct image *im, uint64_t eh_frame)
{
	static const uint8_t encodings[4] = { 1, EH_POINTER, EH_COUNT, EH_TABLE };
	const Elf64_Phdr *s = segment(im, PT_GNU_EH_FRAME);
	const uint8_t *head = s ? VIEW(im, s->p_offset, uint8_t, 12) : NULL;
	const struct fde_row *rows;
	uint64_t last = 0;
	uint32_t count;

	if (!require(im, head && memcmp(head, encodings, sizeof(encodings)) == 0, "unwind",
		     ".eh_frame_hdr must have version 1, encodings 1b 03 3b (found %s)", head ? "others" : "none"))
		return;
	memcpy(&count, head + 8, sizeof(count));
	rows = VIEW(im, s->p_offset + 12, struct fde_row, count);
	require(im, relative(head + 4, s->p_offset + 4) == eh_frame, "unwind",
		".eh_frame_hdr must lead to .eh_frame at 0x%lx (found 0x%lx)", eh_frame,
		relative(head + 4, s->p_offset + 4));
	if (!require(im, rows && count == im->fde_count, "unwind", ".eh_frame_hdr must list %zu FDEs (found %u)",
		     im->fde_count, count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t begin = relative(&rows[i].begin, s->p_offset);
		const struct fde *fde = fde_at(im, relative(&rows[i].fde, s->p_offset));

		if (!require(im, fde && fde->begin == begin, "unwind",
			     ".eh_frame_hdr must find the FDE of 0x%lx (found %s)", begin, fde ? "another" : "none"))
			continue;
		require(im, begin >= last, "unwind",
			".eh_frame_hdr must be sorted, without overlap (found 0x%lx after 0x%lx)", begin, last);
		last = fde->end;
	}
}

/* Go through the rules for each instruction as an unwinder does: by the sorted table, to a known frame address. */
static void audit_rows(struct image *im)
{
	Dwarf_CFI *cfi;

	elf64_getehdr(im->elf)->e_machine = im->machine->unwind_as;
	cfi = dwarf_getcfi_elf(im->elf);
	for (size_t i = 0; i < im->fde_count; i++) {
		for (uint64_t pc = im->fdes[i].begin, end = 0; pc < im->fdes[i].end; pc = end) {
			Dwarf_Frame *frame = NULL;
			Dwarf_Op *ops;
			size_t count = 0;

			if (dwarf_cfi_addrframe(cfi, pc, &frame) == 0) {
				dwarf_frame_info(frame, NULL, &end, NULL);
				dwarf_frame_cfa(frame, &ops, &count);
				free(frame);
			}
			if (!require(im, count > 0 && end > pc, "unwind",
				     "the frame address at 0x%lx must be known (found: %s)", pc, dwarf_errmsg(-1)))
				break;
		}
	}
	dwarf_cfi_end(cfi);
}

static void audit_covered(struct image *im, const char *name, uint64_t value, uint64_t size)
{
	bool covered = false;

	for (size_t i = 0; i < im->fde_count && !covered; i++)
		covered = inside(value, size, im->fdes[i].begin, im->fdes[i].end - im->fdes[i].begin);
	require(im, covered, "unwind", "%s must be covered by one FDE (found none for 0x%lx+0x%lx)", name, value, size);
}

static void audit_unwind(struct image *im)
{
	const unsigned int breaches = im->breaches;
	Elf_Data *data = im->eh_frame ? elf_rawdata(im->eh_frame, NULL) : NULL;
	GElf_Shdr s;

	if (!require(im, data && data->d_buf && gelf_getshdr(im->eh_frame, &s), "unwind",
		     ".eh_frame must be there (found none)"))
		return;
	collect_fdes(im, data, s.sh_addr);
	audit_eh_frame_hdr(im, s.sh_addr);
	for (size_t i = 1; i < im->symbol_count; i++)
		if (!is_version_symbol(im, i))
			audit_covered(im, symbol_name(im, i), im->symbols[i].st_value, im->symbols[i].st_size);
	if (im->breaches == breaches)
		audit_rows(im);
}

/* --- local symbols and notes --- */

static void audit_local_symbols(struct image *im)
{
	Elf_Data *data = im->local_symbols ? elf_getdata(im->local_symbols, NULL) : NULL;
	GElf_Shdr s;
	GElf_Sym symbol;

	for (int i = 1; data && gelf_getshdr(im->local_symbols, &s) && gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(im->elf, s.sh_link, symbol.st_name);

		name = name ? name : "(unnamed)";
		if (symbol.st_info == GELF_ST_INFO(STB_LOCAL, STT_FUNC) && symbol.st_shndx != SHN_UNDEF)
			audit_covered(im, name, symbol.st_value, symbol.st_size);
		if (strcmp(name, "vdk_image_data_size") == 0 && symbol.st_shndx == SHN_ABS)
			im->data_size = symbol.st_value;
	}
	require(im, im->data_size > 0 && im->data_size % DATA_UNIT == 0, "data-size",
		"the absolute symbol vdk_image_data_size must be a multiple of %d (found 0x%lx)", DATA_UNIT,
		im->data_size);
}

static void read_build_id(struct image *im, const Elf64_Phdr *s)
{
	const Elf_Type type = s->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
	Elf_Data *data = elf_getdata_rawchunk(im->elf, (int64_t)s->p_offset, s->p_filesz, type);
	size_t offset = 0, name, desc;
	GElf_Nhdr note;

	while (data && (offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const uint8_t *bytes = data->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(bytes + name, "GNU", 4) != 0)
			continue;
		for (size_t i = 0; i < note.n_descsz && i < sizeof(im->build_id) / 2; i++)
			sprintf(&im->build_id[2 * i], "%02x", bytes[desc + i]);
	}
}

static void audit_build_id(struct image *im)
{
	for (unsigned int i = 0; i < im->header.e_phnum; i++)
		if (im->segments[i].p_type == PT_NOTE)
			read_build_id(im, &im->segments[i]);
	require(im, strlen(im->build_id) >= 2 * MIN_BUILD_ID, "build-id",
		"PT_NOTE must hold a build-id of %d bytes or more (found %zu)", MIN_BUILD_ID, strlen(im->build_id) / 2);
}

/* --- the generated header --- */

static void print_header(const struct image *im, FILE *out)
{
	fprintf(out,
		"/* Generated by audit-image from the image that it passed: do not edit. For C, C++ and assembler. */\n"
		"#ifndef VDK_IMAGE_GENERATED_H\n#define VDK_IMAGE_GENERATED_H\n\n");
	fprintf(out,
		"/* Bytes to map, read and execute, from the file's first byte on; round up to pages. */\n"
		"#define VDK_IMAGE_SIZE 0x%lx\n\n",
		segment(im, PT_LOAD)->p_memsz);
	fprintf(out,
		"/* Bytes of the whole file; those beyond VDK_IMAGE_SIZE are for debuggers and may stay unmapped. */\n"
		"#define VDK_IMAGE_FILE_SIZE 0x%zx\n\n",
		im->size);
	fprintf(out,
		"/* Bytes of the data pages to map, read only, directly below the image. */\n"
		"#define VDK_IMAGE_DATA_SIZE 0x%lx\n\n",
		im->data_size);
	fprintf(out,
		"/* e_machine: the processor that the image is for. */\n"
		"#define VDK_IMAGE_MACHINE %d\n\n",
		im->machine->id);
	fprintf(out,
		"/* What programs ask for: the image's name, and the version of its symbols. */\n"
		"#define VDK_IMAGE_SONAME \"%s\"\n#define VDK_IMAGE_VERSION \"%s\"\n\n",
		SONAME, im->machine->version);
	fprintf(out,
		"/* Names this very image: for logs, and for debuggers that look for its symbols. */\n"
		"#define VDK_IMAGE_BUILD_ID \"%s\"\n\n",
		im->build_id);
	fprintf(out,
		"/* Offset of each exported function from the image's first byte: for the return address of signal\n"
		" * handlers, and for tests. Programs look the functions up by name. */\n");
	for (size_t i = 1; i < im->symbol_count; i++)
		if (!is_version_symbol(im, i))
			fprintf(out, "#define VDK_SYM_%s 0x%lx\n", symbol_name(im, i), im->symbols[i].st_value);
	fprintf(out, "\n#endif\n");
}

/* All or nothing: an interrupted build leaves no half header. */
static bool write_header(const struct image *im, const char *path)
{
	char temporary[4096];
	FILE *out = NULL;
	bool written = false;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, getpid()) < sizeof(temporary))
		out = fopen(temporary, "wx");
	if (out) {
		print_header(im, out);
		written = fflush(out) == 0 && rename(temporary, path) == 0;
	}
	if (!written)
		fprintf(stderr, "audit-image: %s: %s\n", path, strerror(errno));
	if (out && !written)
		unlink(temporary);
	if (out)
		fclose(out);
	return written;
}

static void audit(struct image *im)
{
	if (!read_image(im) || !audit_header(im) || !audit_segments(im))
		return;
	audit_sections(im);
	audit_dynamic(im);
	audit_versions(im);
	audit_symbols(im);
	audit_sysv_hash(im);
	audit_gnu_hash(im);
	audit_unwind(im);
	audit_local_symbols(im);
	audit_build_id(im);
}

static _Noreturn void usage(const char *reason, const char *argument)
{
	fprintf(stderr, "audit-image: %s%s\nusage: audit-image [--header OUT.h] [--exports NAME,NAME...] IMAGE\n",
		reason, argument);
	exit(2);
}

static bool is_name_list(const char *list)
{
	for (const char *p = list; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != ',')
			return false;
	return *list && *list != ',';
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "header", required_argument, NULL, 'h' },
						 { "exports", required_argument, NULL, 'e' },
						 { NULL, 0, NULL, 0 } };
	static struct image image;
	const char *header = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'h')
			header = optarg;
		else if (option == 'e' && is_name_list(optarg))
			image.exports = optarg;
		else
			usage("bad argument: ", option == 'e' ? optarg : argv[optind - 1]);
	}
	if (argc - optind != 1)
		usage("one image is needed", "");
	image.file = argv[optind];
	elf_version(EV_CURRENT);
	audit(&image);
	elf_end(image.elf);
	return image.breaches == 0 && (!header || write_header(&image, header)) ? 0 : 1;
}
