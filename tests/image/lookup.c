/* SPDX-License-Identifier: MIT */
/* Every exported function is found by the rules of the image's three consumers, and nothing else is.
 * Owns: musl's, glibc's and Go's rules for finding a function, written from what they do, not from their code.
 * Relies on: the mapped image, program headers first; no ELF library.
 * Never: checks a bound. The consumers check none either; the audit is what makes that safe. */
#include "map.h"

struct tables {
	const unsigned char *base;
	const char *strings;
	const Elf64_Sym *symbols;
	const uint32_t *hash;
	const uint32_t *gnu_hash;
	const Elf64_Versym *versym;
	const Elf64_Verdef *verdef;
};

/* Looks `name` up in DT_GNU_HASH or DT_HASH; null if it is not there in this version. */
typedef const void *find_fn(const struct tables *t, bool gnu, const char *name, const char *version);

static uint32_t sysv_hash_of(const char *name)
{
	uint32_t hash = 0, top;

	while (*name) {
		hash = (hash << 4) + (unsigned char)*name++;
		top = hash & 0xf0000000;
		hash ^= top >> 24;
		hash &= ~top;
	}
	return hash;
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	while (*name)
		hash += (hash << 5) + (unsigned char)*name++;
	return hash;
}

static void read_tables(struct tables *t, const unsigned char *image)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff);
	const Elf64_Dyn *entry = NULL;

	*t = (struct tables){ 0 };
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD)
			t->base = image + segment[i].p_offset - segment[i].p_vaddr;
		if (segment[i].p_type == PT_DYNAMIC)
			entry = (const Elf64_Dyn *)(image + segment[i].p_offset);
	}
	for (; entry->d_tag != DT_NULL; entry++) {
		const void *place = t->base + entry->d_un.d_ptr;

		switch (entry->d_tag) {
		case DT_STRTAB:
			t->strings = place;
			break;
		case DT_SYMTAB:
			t->symbols = place;
			break;
		case DT_HASH:
			t->hash = place;
			break;
		case DT_GNU_HASH:
			t->gnu_hash = place;
			break;
		case DT_VERSYM:
			t->versym = place;
			break;
		case DT_VERDEF:
			t->verdef = place;
			break;
		}
	}
}

static const Elf64_Verdef *next_definition(const Elf64_Verdef *def)
{
	return def->vd_next ? (const Elf64_Verdef *)((const unsigned char *)def + def->vd_next) : NULL;
}

static const char *definition_name(const struct tables *t, const Elf64_Verdef *def)
{
	return t->strings + ((const Elf64_Verdaux *)((const unsigned char *)def + def->vd_aux))->vda_name;
}

static bool one_of(unsigned int value, unsigned int set)
{
	return value < 32 && (set >> value & 1);
}

/* --- musl: every symbol in turn; the hash tables tell only how many there are --- */

/* Without DT_HASH (1.2.6 and later): the highest bucket's chain ends at the last symbol. */
static uint32_t musl_count(const uint32_t *gnu_hash)
{
	const uint32_t *buckets = gnu_hash + 4 + 2 * gnu_hash[2];
	const uint32_t *hashes = buckets + gnu_hash[0];
	uint32_t last = 0;

	for (uint32_t b = 0; b < gnu_hash[0]; b++)
		if (buckets[b] > last)
			last = buckets[b];
	while (last && !(hashes[last - gnu_hash[1]] & 1))
		last++;
	return last ? last + 1 : 0;
}

static bool musl_version(const struct tables *t, uint32_t symbol, const char *version)
{
	const unsigned int index = t->versym[symbol] & 0x7fff;
	const Elf64_Verdef *def = t->verdef;

	while (def && (def->vd_flags & VER_FLG_BASE || (def->vd_ndx & 0x7fff) != index))
		def = next_definition(def);
	return def && strcmp(definition_name(t, def), version) == 0;
}

static const void *musl_find(const struct tables *t, bool gnu, const char *name, const char *version)
{
	const uint32_t count = gnu ? musl_count(t->gnu_hash) : t->hash[1];

	for (uint32_t i = 0; i < count; i++) {
		const Elf64_Sym *s = &t->symbols[i];

		if (one_of(ELF64_ST_TYPE(s->st_info),
			   1 << STT_NOTYPE | 1 << STT_OBJECT | 1 << STT_FUNC | 1 << STT_COMMON) &&
		    one_of(ELF64_ST_BIND(s->st_info), 1 << STB_GLOBAL | 1 << STB_WEAK | 1 << STB_GNU_UNIQUE) &&
		    s->st_shndx != SHN_UNDEF && strcmp(name, t->strings + s->st_name) == 0 &&
		    (!t->versym || !t->verdef || musl_version(t, i, version)))
			return t->base + s->st_value;
	}
	return NULL;
}

/* --- glibc: as its dynamic linker looks up any versioned symbol --- */

static bool glibc_version(const struct tables *t, uint32_t symbol, const char *version)
{
	const unsigned int index = t->versym[symbol] & 0x7fff;
	const Elf64_Verdef *def = t->verdef;

	while (def && (def->vd_flags & VER_FLG_BASE || (def->vd_ndx & 0x7fff) != index))
		def = next_definition(def);
	if (!def)
		return !(t->versym[symbol] & 0x8000);
	return def->vd_hash == sysv_hash_of(version) && strcmp(definition_name(t, def), version) == 0;
}

static bool glibc_match(const struct tables *t, uint32_t i, const char *name, const char *version)
{
	const Elf64_Sym *s = &t->symbols[i];

	return (s->st_value != 0 || s->st_shndx == SHN_ABS) && s->st_shndx != SHN_UNDEF &&
	       one_of(ELF64_ST_TYPE(s->st_info), 1 << STT_NOTYPE | 1 << STT_OBJECT | 1 << STT_FUNC | 1 << STT_COMMON |
							 1 << STT_TLS | 1 << STT_GNU_IFUNC) &&
	       one_of(ELF64_ST_BIND(s->st_info), 1 << STB_GLOBAL | 1 << STB_WEAK | 1 << STB_GNU_UNIQUE) &&
	       strcmp(name, t->strings + s->st_name) == 0 && glibc_version(t, i, version);
}

static const void *glibc_find_gnu(const struct tables *t, const char *name, const char *version)
{
	const uint32_t *head = t->gnu_hash, hash = gnu_hash_of(name);
	const uint64_t *bloom = (const uint64_t *)(head + 4);
	const uint32_t *buckets = head + 4 + 2 * head[2];
	const uint64_t word = bloom[hash / 64 & (head[2] - 1)];
	uint32_t i = buckets[hash % head[0]];

	if (!(word >> hash % 64 & word >> (hash >> head[3]) % 64 & 1) || i == 0)
		return NULL;
	for (const uint32_t *h = buckets + head[0] + (i - head[1]);; h++, i++) {
		if ((*h ^ hash) >> 1 == 0 && glibc_match(t, i, name, version))
			return t->base + t->symbols[i].st_value;
		if (*h & 1)
			return NULL;
	}
}

static const void *glibc_find(const struct tables *t, bool gnu, const char *name, const char *version)
{
	const uint32_t *buckets = t->hash + 2, *chains = buckets + t->hash[0];

	if (gnu)
		return glibc_find_gnu(t, name, version);
	for (uint32_t i = buckets[sysv_hash_of(name) % t->hash[0]]; i != STN_UNDEF; i = chains[i])
		if (glibc_match(t, i, name, version))
			return t->base + t->symbols[i].st_value;
	return NULL;
}

/* --- Go: finds the version's index first, by a hash that its source holds as a constant; functions only --- */

static uint32_t go_version_hash(const char *version)
{
	static const struct {
		const char *version;
		uint32_t hash;
	} known[] = {
		{ "LINUX_2.6", 0x3ae75f6 },
		{ "LINUX_2.6.39", 0x75fcb89 },
		{ "LINUX_4.15", 0xae77f75 },
		{ "LINUX_5.10", 0xae78f70 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].version, version) == 0)
			return known[i].hash;
	return sysv_hash_of(version);
}

static int go_version_index(const struct tables *t, const char *version)
{
	const Elf64_Verdef *def = t->verdef;

	do {
		if (!(def->vd_flags & VER_FLG_BASE) && def->vd_hash == go_version_hash(version) &&
		    strcmp(definition_name(t, def), version) == 0)
			return def->vd_ndx & 0x7fff;
	} while ((def = next_definition(def)));
	return -1;
}

static bool go_match(const struct tables *t, uint32_t i, const char *name, int version)
{
	const Elf64_Sym *s = &t->symbols[i];

	return ELF64_ST_TYPE(s->st_info) == STT_FUNC &&
	       one_of(ELF64_ST_BIND(s->st_info), 1 << STB_GLOBAL | 1 << STB_WEAK) && s->st_shndx != SHN_UNDEF &&
	       strcmp(name, t->strings + s->st_name) == 0 &&
	       (!t->versym || version == 0 || (t->versym[i] & 0x7fff) == version);
}

static const void *go_find_gnu(const struct tables *t, const char *name, int version)
{
	const uint32_t *head = t->gnu_hash, hash = gnu_hash_of(name);
	const uint32_t *buckets = head + 4 + 2 * head[2], *hashes = buckets + head[0];

	for (uint32_t i = buckets[hash % head[0]]; i >= head[1]; i++) {
		if ((hashes[i - head[1]] | 1) == (hash | 1) && go_match(t, i, name, version))
			return t->base + t->symbols[i].st_value;
		if (hashes[i - head[1]] & 1)
			break;
	}
	return NULL;
}

static const void *go_find_sysv(const struct tables *t, uint32_t hash, const char *name, const char *version)
{
	const uint32_t *buckets = t->hash + 2, *chains = buckets + t->hash[0];
	const int index = go_version_index(t, version);

	for (uint32_t i = buckets[hash % t->hash[0]]; i != 0; i = chains[i])
		if (go_match(t, i, name, index))
			return t->base + t->symbols[i].st_value;
	return NULL;
}

static const void *go_find(const struct tables *t, bool gnu, const char *name, const char *version)
{
	if (gnu)
		return go_find_gnu(t, name, go_version_index(t, version));
	return go_find_sysv(t, sysv_hash_of(name), name, version);
}

/* --- what must be found --- */

#define SYMBOL(name)                  \
	{                             \
#name, VDK_SYM_##name \
	}

static const struct {
	const char *name;
	uint64_t offset;
} symbols[] = {
#if VDK_IMAGE_MACHINE == EM_X86_64
#define VERSION "LINUX_2.6"
	SYMBOL(__vdso_clock_gettime),
	SYMBOL(__vdso_gettimeofday),
	SYMBOL(__vdso_clock_getres),
	SYMBOL(__vdso_time),
	SYMBOL(__vdso_getcpu),
	SYMBOL(clock_gettime),
	SYMBOL(gettimeofday),
	SYMBOL(clock_getres),
	SYMBOL(time),
	SYMBOL(getcpu),
#elif VDK_IMAGE_MACHINE == EM_RISCV
#define VERSION "LINUX_4.15"
	SYMBOL(__vdso_clock_gettime), SYMBOL(__vdso_gettimeofday),  SYMBOL(__vdso_clock_getres), SYMBOL(__vdso_getcpu),
	SYMBOL(__vdso_flush_icache),  SYMBOL(__vdso_riscv_hwprobe), SYMBOL(__vdso_rt_sigreturn),
#elif VDK_IMAGE_MACHINE == EM_AARCH64
#define VERSION "LINUX_2.6.39"
	SYMBOL(__kernel_clock_gettime),
	SYMBOL(__kernel_gettimeofday),
	SYMBOL(__kernel_clock_getres),
	SYMBOL(__kernel_rt_sigreturn),
#define GNU_HASH 0
#define VERSION_SYMBOLS 1 /* an absolute symbol named like the version */
#elif VDK_IMAGE_MACHINE == EM_LOONGARCH
#define VERSION "LINUX_5.10"
	SYMBOL(__vdso_clock_gettime), SYMBOL(__vdso_gettimeofday), SYMBOL(__vdso_clock_getres),
	SYMBOL(__vdso_getcpu),        SYMBOL(__vdso_rt_sigreturn),
#else
#error "no list of symbols for this machine"
#endif
};

#ifndef GNU_HASH
#define GNU_HASH 1
#define VERSION_SYMBOLS 0
#endif
#define SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static const struct {
	const char *name;
	find_fn *find;
} consumers[] = { { "musl", musl_find }, { "glibc", glibc_find }, { "go", go_find } };

static const char *const wrong_names[] = {
	"",
#if !VERSION_SYMBOLS
	VERSION,
#endif
	VDK_IMAGE_SONAME,
	"__vdso_clock_gettim",
	"__kernel_clock_gettim",
	"__vdso_clock_gettime64",
	"clock_gettime_",
	"__vdso_Clock_gettime",
	"__vdso_clock_settime",
	"settimeofday",
	"vdk_image_data_size",
	"vdk_image_page_version",
	"vdk_data",
	"_DYNAMIC",
};

/* The base definition's name too: it is the file's, not a version of symbols. */
static const char *const wrong_versions[] = {
	"", VDK_IMAGE_SONAME, "LINUX", "LINUX_2.5", "LINUX_2.6.3", "LINUX_4.14", "LINUX_5.1", VERSION ".0", "linux_2.6",
};

static unsigned int count_sysv(const struct tables *t)
{
	const uint32_t *buckets = t->hash + 2, *chains = buckets + t->hash[0];
	unsigned int count = 0;

	for (uint32_t b = 0; b < t->hash[0]; b++)
		for (uint32_t i = buckets[b]; i != 0; i = chains[i])
			count++;
	return count;
}

static unsigned int count_gnu(const struct tables *t)
{
	const uint32_t *buckets = t->gnu_hash + 4 + 2 * t->gnu_hash[2];
	const uint32_t *hashes = buckets + t->gnu_hash[0] - t->gnu_hash[1];
	unsigned int count = 0;

	for (uint32_t b = 0; b < t->gnu_hash[0]; b++)
		for (uint32_t i = buckets[b]; i != 0; i = hashes[i] & 1 ? 0 : i + 1)
			count++;
	return count;
}

static void test_consumer(const struct tables *t, const char *consumer, find_fn *find, bool gnu)
{
	const char *table = gnu ? "DT_GNU_HASH" : "DT_HASH";
	const void *strays = NULL;

	for (size_t i = 0; i < SYMBOLS; i++)
		ok(find(t, gnu, symbols[i].name, VERSION) == t->base + symbols[i].offset, "%s_finds_%s_by_%s", consumer,
		   symbols[i].name, table);

	for (size_t i = 0; i < sizeof(wrong_names) / sizeof(wrong_names[0]) && !strays; i++)
		strays = find(t, gnu, wrong_names[i], VERSION);
	ok(!strays, "%s_finds_no_wrong_name_by_%s", consumer, table);

	for (size_t v = 0; v < sizeof(wrong_versions) / sizeof(wrong_versions[0]); v++)
		for (size_t i = 0; i < SYMBOLS && !strays; i++)
			strays = find(t, gnu, symbols[i].name, wrong_versions[v]);
	ok(!strays, "%s_finds_no_wrong_version_by_%s", consumer, table);
}

int main(void)
{
	struct tables t;

	read_tables(&t, map_image());
	ok(t.base && t.strings && t.symbols && t.hash && !t.gnu_hash == !GNU_HASH && t.versym && t.verdef,
	   "all_tables_are_there");

	is_int(sysv_hash_of(VERSION), go_version_hash(VERSION), "the_version_has_the_hash_that_go_holds");
	is_int(sysv_hash_of("__vdso_clock_gettime"), 0xd35ec75, "clock_gettime_has_the_hash_that_go_holds");
	is_int(gnu_hash_of("__vdso_clock_gettime"), 0x6e43a318, "clock_gettime_has_the_gnu_hash_that_go_holds");
	is_int(count_sysv(&t), SYMBOLS + VERSION_SYMBOLS, "chains_of_DT_HASH_hold_each_symbol_once");
	is_int(t.hash[1], SYMBOLS + VERSION_SYMBOLS + 1, "DT_HASH_counts_the_symbols");
	for (size_t i = 0; i < sizeof(consumers) / sizeof(consumers[0]); i++)
		test_consumer(&t, consumers[i].name, consumers[i].find, false);
	if (t.gnu_hash) {
		is_int(count_gnu(&t), SYMBOLS, "chains_of_DT_GNU_HASH_hold_each_symbol_once");
		is_int(musl_count(t.gnu_hash), SYMBOLS + 1, "musl_counts_the_symbols_by_DT_GNU_HASH");
		for (size_t i = 0; i < sizeof(consumers) / sizeof(consumers[0]); i++)
			test_consumer(&t, consumers[i].name, consumers[i].find, true);
	} else {
		/* Go before 1.22 asks by another name's hash, and by DT_GNU_HASH alone where there is that (golang/go#62309). */
		ok(go_find_sysv(&t, sysv_hash_of("__vdso_clock_gettime"), "__kernel_clock_gettime", VERSION),
		   "go_before_1.22_finds___kernel_clock_gettime_by_DT_HASH");
	}
	return done();
}
