/* SPDX-License-Identifier: MIT */
/* The functions that programs look up: names, versions, the two hash tables; and the symbols that programs do not see.
 * Owns: the rules of dynamic and local symbols.
 * Relies on: audit_dynamic() for where the tables are; audit_unwind() for what local functions are held against.
 * Never: looks a name up by libelf. Versions and hash tables are walked as musl, glibc and Go walk them in memory. */
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

/* Version index 1 is the base definition, named like the file; 2 is the version of all symbols. */
#define BASE_INDEX 1
#define VERSION_INDEX 2

struct gnu_hash {
	uint32_t buckets, first, words, shift;
};

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

void audit_versions(struct image *im)
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

const char *symbol_name(const struct image *im, size_t index)
{
	return string(im, im->symbols[index].st_name);
}

bool is_version_symbol(const struct image *im, size_t index)
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
	const unsigned int type = ELF64_ST_TYPE(symbol->st_info);
	const unsigned int bind = ELF64_ST_BIND(symbol->st_info);

	require(im, listed(im->exports, name), "export", "%s must not be exported (found at 0x%lx)", name,
		symbol->st_value);
	require(im, symbol->st_shndx != SHN_UNDEF, "undefined", "%s must be defined in the image (found undefined)",
		name);
	require(im, type == STT_FUNC, "symbol", "%s must be a function (found type %u)", name, type);
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

void audit_symbols(struct image *im)
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

static void audit_reached(struct image *im, const char *table, const bool *reached)
{
	for (size_t i = 1; i < im->symbol_count; i++)
		require(im, reached[i], "hash", "%s must find %s (found it in no chain of its hash)", table,
			symbol_name(im, i));
}

static bool is_clock_gettime(const struct image *im, uint32_t index)
{
	const char *rest = unprefixed(im, symbol_name(im, index));

	return rest && strcmp(rest, "clock_gettime") == 0;
}

static void audit_stale_hash(struct image *im, const uint32_t *buckets, uint32_t count, const uint32_t *chains)
{
	const uint32_t hash = im->machine->stale_hash;
	uint32_t i = buckets[hash % count];

	while (i != 0 && !is_clock_gettime(im, i))
		i = chains[i];
	require(im, i != 0, "hash", "Go's stale hash 0x%x must lead to %sclock_gettime (found other names, of %u buckets)",
		hash, im->machine->prefix, count);
}

void audit_sysv_hash(struct image *im)
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
	if (im->machine->stale_hash)
		audit_stale_hash(im, buckets, table[0], chains);
}

void audit_gnu_hash(struct image *im)
{
	const uint64_t offset = dynamic_value(im, DT_GNU_HASH);
	const struct gnu_hash *head = VIEW(im, offset, struct gnu_hash, 1);
	const uint32_t *buckets = NULL, *hashes;
	const uint64_t *bloom = NULL;
	bool reached[MAX_EXPORTS] = { false };
	size_t steps = 0;

	if (im->machine->stale_hash)
		return;
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

/* Data page `name`, which begins `below` the image, can be mapped by itself: whole strides from the first, and none is another's. */
static void audit_data_page(struct image *im, const char *name, uint64_t below, uint64_t above)
{
	require(im, below > above && below <= MAX_DATA && (below - im->data_size) % im->data_stride == 0, "data-pages",
		"%s must be whole strides of 0x%lx below the first data page, and above 0x%x (found 0x%lx below the image)",
		name, im->data_stride, MAX_DATA, below);
}

static void audit_data_pages(struct image *im)
{
	if (!require(im, im->data_stride > 0 && im->data_stride % PAGE == 0 && im->data_stride <= MAX_DATA, "data-pages",
		     "the absolute symbol vdk_image_data_stride must be a multiple of %d (found 0x%lx)", PAGE,
		     im->data_stride))
		return;
	audit_data_page(im, "vdk_image_proper", im->proper, im->data_size);
	if (im->pvclock)
		audit_data_page(im, "vdk_image_pvclock", im->pvclock, im->proper);
	if (im->hvclock)
		audit_data_page(im, "vdk_image_hvclock", im->hvclock, im->pvclock);
}

void audit_local_symbols(struct image *im)
{
	const struct {
		const char *name;
		uint64_t *value;
	} constants[] = {
		{ "vdk_image_data_size", &im->data_size },     { "vdk_image_page_version", &im->page_version },
		{ "vdk_image_data_stride", &im->data_stride }, { "vdk_image_proper", &im->proper },
		{ "vdk_image_pvclock", &im->pvclock },	       { "vdk_image_hvclock", &im->hvclock },
		{ "vdk_image_linux_6_1", &im->linux_6_1 },
	};
	Elf_Data *data = im->local_symbols ? elf_getdata(im->local_symbols, NULL) : NULL;
	GElf_Shdr s;
	GElf_Sym symbol;

	for (int i = 1; data && gelf_getshdr(im->local_symbols, &s) && gelf_getsym(data, i, &symbol); i++) {
		const char *name = section_string(im, s.sh_link, symbol.st_name);

		if (symbol.st_info == GELF_ST_INFO(STB_LOCAL, STT_FUNC) && symbol.st_shndx != SHN_UNDEF)
			audit_covered(im, name, symbol.st_value, symbol.st_size);
		for (size_t c = 0; c < sizeof(constants) / sizeof(constants[0]); c++)
			if (strcmp(name, constants[c].name) == 0 && symbol.st_shndx == SHN_ABS)
				*constants[c].value = symbol.st_value;
	}
	if (im->linux_6_1 > 0) {
		require(im, im->linux_6_1 >= MIN_DATA && im->linux_6_1 <= MAX_DATA && im->linux_6_1 % 8 == 0, "linux-data",
			"the absolute symbol vdk_image_linux_6_1 must be a multiple of 8, %d to %d (found 0x%lx)", MIN_DATA, MAX_DATA,
			im->linux_6_1);
		return;
	}
	require(im, im->data_size > 0 && im->data_size % PAGE == 0, "data-size",
		"the absolute symbol vdk_image_data_size must be a multiple of %d (found 0x%lx)", PAGE, im->data_size);
	require(im, im->page_version > 0 && im->page_version <= UINT32_MAX, "page-version",
		"the absolute symbol vdk_image_page_version must be 32 bits, not 0 (found 0x%lx)", im->page_version);
	audit_data_pages(im);
}
