/* SPDX-License-Identifier: MIT */
/* The device tree.
 * Owns: nothing: the tree is read where it lies.
 * Relies on: its header's bounds, which fdt_open() has checked.
 * Never: reads outside them, whatever the tree says. */
#include "boot/fdt.h"

#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"

#define MAGIC 0xd00dfeed
#define VERSION 17 /* and those that call themselves compatible with it */
#define SIZE_MAX_BYTES (16u << 20)
#define DEPTH_MAX 32

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

struct header { /* big endian, as everything in the tree */
	uint32_t magic, totalsize, off_struct, off_strings, off_reserved, version, last_compatible, boot_cpu;
	uint32_t size_strings, size_struct;
};

struct fdt_node { /* the word BEGIN_NODE; the name follows */
	uint32_t token;
};

static const char *blob, *strings;
static const uint32_t *first, *end; /* the structure block */
static uint32_t total, strings_size;

static uint32_t word(const uint32_t *p)
{
	return __builtin_bswap32(*p);
}

void fdt_open(paddr_t pa)
{
	const struct header *h = arch_phys_to_virt(pa);
	uint32_t at, size;

	if (pa % 8 || word(&h->magic) != MAGIC)
		panic("device tree: there is none at %lx", pa);
	if (word(&h->version) < VERSION || word(&h->last_compatible) > VERSION)
		panic("device tree: version %u is unknown", word(&h->version));
	total = word(&h->totalsize);
	at = word(&h->off_struct);
	size = word(&h->size_struct);
	strings_size = word(&h->size_strings);
	if (total > SIZE_MAX_BYTES || at % 4 || at > total || size > total - at || word(&h->off_strings) > total ||
	    strings_size > total - word(&h->off_strings) || size < 8)
		panic("device tree: damaged header");
	blob = (const char *)h;
	strings = blob + word(&h->off_strings);
	first = (const uint32_t *)(blob + at);
	end = first + size / 4;
	if (strings_size && strings[strings_size - 1])
		panic("device tree: damaged strings");
}

uint32_t fdt_size(void)
{
	return total;
}

/* The token after the one at `p`; `end` where the tree is damaged. */
static const uint32_t *next_token(const uint32_t *p)
{
	const char *text = (const char *)(p + 1);
	size_t room = (size_t)((const char *)end - text), n;

	switch (word(p)) {
	case BEGIN_NODE:
		n = strnlen(text, room) + 1;
		break;
	case PROPERTY:
		n = room < 8 ? room : 8ul + word(p + 1);
		break;
	default:
		n = 0;
	}
	return n < room ? p + 1 + (n + 3) / 4 : end;
}

static const uint32_t *skip_nops(const uint32_t *p)
{
	while (p < end && word(p) == NOP)
		p++;
	return p;
}

/* The first token of `node` that is no property. */
static const uint32_t *after_properties(fdt_node_t node)
{
	const uint32_t *p = skip_nops(next_token((const uint32_t *)node));

	while (p < end && word(p) == PROPERTY)
		p = skip_nops(next_token(p));
	return p;
}

static fdt_node_t as_node(const uint32_t *p)
{
	return p < end && word(p) == BEGIN_NODE ? (fdt_node_t)p : NULL;
}

fdt_node_t fdt_root(void)
{
	return total ? as_node(skip_nops(first)) : NULL;
}

fdt_node_t fdt_first_child(fdt_node_t node)
{
	return node ? as_node(after_properties(node)) : NULL;
}

fdt_node_t fdt_next_sibling(fdt_node_t node)
{
	const uint32_t *p = (const uint32_t *)node;
	unsigned int depth = 0;

	if (!node)
		return NULL;
	do {
		depth += word(p) == BEGIN_NODE;
		depth -= word(p) == END_NODE;
		p = skip_nops(next_token(p));
	} while (depth && p < end);
	return as_node(p);
}

const char *fdt_name(fdt_node_t node)
{
	return node ? (const char *)(node + 1) : "";
}

static bool step_matches(const char *name, const char *step, size_t n)
{
	return !strncmp(name, step, n) && (!name[n] || name[n] == '@');
}

fdt_node_t fdt_find(const char *path)
{
	fdt_node_t node = fdt_root();

	while (node && *path == '/' && *++path) {
		const char *stop = strchr(path, '/');
		size_t n = stop ? (size_t)(stop - path) : strlen(path);

		node = fdt_first_child(node);
		while (node && !step_matches(fdt_name(node), path, n))
			node = fdt_next_sibling(node);
		path += n;
	}
	return node;
}

const void *fdt_property(fdt_node_t node, const char *name, uint32_t *size)
{
	const uint32_t *p = node ? skip_nops(next_token((const uint32_t *)node)) : end;

	for (; p < end && word(p) == PROPERTY; p = skip_nops(next_token(p))) {
		if (next_token(p) == end || word(p + 2) >= strings_size || strcmp(strings + word(p + 2), name))
			continue;
		*size = word(p + 1);
		return p + 3;
	}
	return NULL;
}

const char *fdt_string(fdt_node_t node, const char *name)
{
	uint32_t size;
	const char *s = fdt_property(node, name, &size);

	return s && size && !s[size - 1] ? s : NULL;
}

bool fdt_cell(fdt_node_t node, const char *name, unsigned int index, uint32_t *value)
{
	uint32_t size;
	const uint32_t *cells = fdt_property(node, name, &size);

	if (!cells || index >= size / 4)
		return false;
	*value = word(cells + index);
	return true;
}

bool fdt_compatible(fdt_node_t node, const char *what)
{
	uint32_t size;
	const char *s = fdt_property(node, "compatible", &size);

	if (!s || !size || s[size - 1])
		return false;
	for (const char *stop = s + size; s < stop; s += strlen(s) + 1)
		if (!strcmp(s, what))
			return true;
	return false;
}

bool fdt_usable(fdt_node_t node)
{
	const char *status = fdt_string(node, "status");

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

fdt_node_t fdt_find_compatible(const char *what, fdt_node_t after)
{
	const uint32_t *p = after ? next_token((const uint32_t *)after) : first;

	for (; total && p < end; p = next_token(p))
		if (as_node(p) && fdt_compatible(as_node(p), what) && fdt_usable(as_node(p)))
			return as_node(p);
	return NULL;
}

static fdt_node_t parent_of(fdt_node_t node)
{
	fdt_node_t path[DEPTH_MAX];
	unsigned int depth = 0;

	for (const uint32_t *p = first; p < end && p < (const uint32_t *)node; p = next_token(p)) {
		if (word(p) == BEGIN_NODE && depth < DEPTH_MAX)
			path[depth++] = (fdt_node_t)p;
		else if (word(p) == END_NODE && depth > 0)
			depth--;
	}
	return depth ? path[depth - 1] : NULL;
}

static uint64_t number(const uint32_t *cells, unsigned int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 32 | word(cells++);
	return v;
}

bool fdt_reg(fdt_node_t node, unsigned int index, paddr_t *base, uint64_t *size)
{
	uint32_t address_cells = 2, size_cells = 1, length; /* the specification's defaults */
	const uint32_t *cells = fdt_property(node, "reg", &length);
	fdt_node_t parent = cells ? parent_of(node) : NULL;

	fdt_cell(parent, "#address-cells", 0, &address_cells);
	fdt_cell(parent, "#size-cells", 0, &size_cells);
	if (!cells || address_cells > 2 || size_cells > 2 || !address_cells ||
	    length / 4 / (address_cells + size_cells) <= index)
		return false;
	cells += index * (address_cells + size_cells);
	*base = number(cells, address_cells);
	*size = number(cells + address_cells, size_cells);
	return true;
}
